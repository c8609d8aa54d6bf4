using Grains.Journal.Postgres.Records;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Checkpoints;

/// <summary>Names a checkpoint: the chunks of one attempt of one owner at one revision.</summary>
internal sealed record CheckpointPointer(JournalTail At, Epoch Epoch, Guid Attempt, int Chunks)
{
    public const string Columns = "revision, chain, epoch, attempt, chunks, crc";

    public int Crc(PartitionId partition) => RecordCrc.OfPointer(partition, At, Epoch, Attempt, Chunks);

    /// <summary>Null if there is none.</summary>
    /// <exception cref="JournalDamagedException">It is not what was written.</exception>
    public static CheckpointPointer? Read(PartitionId partition, NpgsqlDataReader row)
    {
        JournalTail at = new(new Revision(row.GetInt64(0)), ChainUuid.Read(row.GetGuid(1)));
        CheckpointPointer pointer = new(at, new Epoch(row.GetInt64(2)), row.GetGuid(3), row.GetInt32(4));
        if (pointer.Attempt == Guid.Empty)
        {
            return null;
        }

        int stored = row.GetInt32(5);
        return pointer.Crc(partition) == stored
            ? pointer
            : throw new JournalDamagedException(
                partition, at.Revision,
                $"what names its checkpoint has CRC {pointer.Crc(partition):x8} and should have {stored:x8}.");
    }
}
