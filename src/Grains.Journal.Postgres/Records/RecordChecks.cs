using Grains.StateMachines.Ids;

namespace Grains.Journal.Postgres.Records;

/// <summary>Holds each record against the one before it.</summary>
internal sealed class RecordChecks(PartitionId partition, JournalTail before)
{
    private Epoch _epoch;
    private long? _incarnation;

    public JournalTail Before { get; private set; } = before;

    /// <exception cref="JournalDamagedException">It is not what was written, or not where it was written.</exception>
    public JournalRecord Check(StoredRecord stored)
    {
        int crc = RecordCrc.OfRecord(
            partition,
            stored.First,
            stored.Last,
            stored.Epoch,
            (JournalRecordKind)stored.Kind,
            stored.Chain,
            stored.Payload);
        if (crc != stored.Crc)
        {
            throw Damaged(stored, $"its bytes have CRC {crc:x8} and should have {stored.Crc:x8}.");
        }

        JournalRecord record = new(
            (JournalRecordKind)stored.Kind, stored.First, checked((int)(stored.Last.Value - stored.First.Value + 1)),
            stored.Epoch, stored.Chain, stored.Payload);
        if (!HistoryFork.Follows(Before.Revision, _incarnation, record))
        {
            throw new JournalDamagedException(
                partition,
                Before.Revision.Next,
                $"{stored.First}…{stored.Last} stands where {Before.Revision.Next} is next.");
        }

        if (record.Epoch < _epoch)
        {
            throw Damaged(stored, $"its epoch {record.Epoch} is older than {_epoch} before it.");
        }

        if (JournalChain.Next(Before.Chain, record.Epoch, record.First, record.Count, stored.Payload) != record.Chain)
        {
            throw Damaged(stored, "it does not follow the chain of the record before it.");
        }

        Before = record.Tail;
        _epoch = record.Epoch;
        _incarnation = record.Kind == JournalRecordKind.Epoch
            ? EpochRecord.Decode(stored.Payload).Incarnation
            : _incarnation;
        return record;
    }

    private JournalDamagedException Damaged(StoredRecord stored, string what) => new(partition, stored.First, what);
}
