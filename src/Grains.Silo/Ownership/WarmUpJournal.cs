using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>
/// The history of the one partition that the warm-up opens: in memory, one owner after another, no checkpoints.
/// </summary>
internal sealed class WarmUpJournal : IJournal
{
    private readonly List<JournalRecord> _records = [];
    private Epoch _epoch;

    public string Durability => "None: it ends with the warm-up";

    private JournalTail Tail => _records.Count == 0 ? JournalTail.Empty : _records[^1].Tail;

    public ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel)
    {
        _epoch = _epoch.Next;
        byte[] payload = new EpochRecord(0, nowMs, owner).Encode();
        Revision first = Tail.Revision.Next;
        UInt128 chain = JournalChain.Next(Tail.Chain, _epoch, first, 1, payload);
        _records.Add(new JournalRecord(JournalRecordKind.Epoch, first, 1, _epoch, chain, payload));
        return new(new AcquireOutcome.Acquired(_epoch, Tail));
    }

    public ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        if (append.Epoch != _epoch || append.Expected != Tail)
        {
            return new(new AppendOutcome(AppendStatus.Fenced, $"The newest record is {Tail} of {_epoch}."));
        }

        _records.Add(new JournalRecord(
            JournalRecordKind.Batch, Tail.Revision.Next, append.Count, _epoch, append.Next.Chain,
            append.Payload.ToArray()));
        return new(AppendOutcome.Durable);
    }

    public ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        new(epoch == _epoch);

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        foreach (JournalRecord record in _records.Where(r => r.First >= from))
        {
            yield return record;
        }

        await Task.CompletedTask;
    }

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        new((StoredCheckpoint?)null);

    /// <summary>Nothing is kept for so long.</summary>
    public ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel) => new(epoch == _epoch);

    public ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) => new(epoch == _epoch);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
