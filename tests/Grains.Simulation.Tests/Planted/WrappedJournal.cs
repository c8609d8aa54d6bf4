using Grains.Journal;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Planted;

/// <summary>
/// A journal that hands everything on; a planted bug overrides what it spoils, a server that leads what it does itself.
/// </summary>
internal abstract class WrappedJournal(IJournal inner) : IJournal
{
    public string Durability => inner.Durability;

    protected IJournal Inner => inner;

    public virtual ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel) =>
        inner.AcquireAsync(partition, owner, membershipVersion, nowMs, cancel);

    public virtual ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel) =>
        inner.AppendAsync(append, cancel);

    public virtual ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        inner.ConfirmAsync(partition, epoch, cancel);

    public IAsyncEnumerable<JournalRecord> ReadAsync(PartitionId partition, Revision from, CancellationToken cancel) =>
        inner.ReadAsync(partition, from, cancel);

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        inner.ReadCheckpointAsync(partition, cancel);

    public ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel) =>
        inner.WriteCheckpointAsync(partition, epoch, at, chunks, cancel);

    public ValueTask<bool> TruncateAsync(PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) =>
        inner.TruncateAsync(partition, epoch, upTo, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
