using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Cluster;

/// <summary>
/// A journal behind a network that can be cut: what is asked meanwhile arrives when the network is healed.
/// </summary>
internal sealed class CuttableJournal(IJournal inner) : IJournal
{
    private volatile TaskCompletionSource? _cut;
    private int _refused;

    /// <summary>No partition can be acquired here.</summary>
    public bool RefusesAcquires { get; set; }

    public int RefusedAcquires => Volatile.Read(ref _refused);

    public string Durability => inner.Durability;

    public void Cut() => _cut = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void Heal()
    {
        TaskCompletionSource? cut = _cut;
        _cut = null;
        cut?.TrySetResult();
    }

    public async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel)
    {
        await ArriveAsync();
        if (RefusesAcquires)
        {
            Interlocked.Increment(ref _refused);
            throw new JournalUnavailableException("No partition can be acquired.");
        }

        return await inner.AcquireAsync(partition, owner, membershipVersion, nowMs, cancel);
    }

    public async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        await ArriveAsync();
        return await inner.AppendAsync(append, cancel);
    }

    public async ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel)
    {
        await ArriveAsync();
        return await inner.ConfirmAsync(partition, epoch, cancel);
    }

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        await ArriveAsync();
        await foreach (JournalRecord record in inner.ReadAsync(partition, from, cancel))
        {
            yield return record;
        }
    }

    public async ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel)
    {
        await ArriveAsync();
        return await inner.ReadCheckpointAsync(partition, cancel);
    }

    public async ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        await ArriveAsync();
        return await inner.WriteCheckpointAsync(partition, epoch, at, chunks, cancel);
    }

    public async ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel)
    {
        await ArriveAsync();
        return await inner.TruncateAsync(partition, epoch, upTo, cancel);
    }

    public ValueTask DisposeAsync()
    {
        Heal();
        return inner.DisposeAsync();
    }

    private Task ArriveAsync() => _cut?.Task ?? Task.CompletedTask;
}
