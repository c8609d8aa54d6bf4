using Grains.Journal;
using Grains.Journal.Memory;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>
/// The shared store for a server whose engine leads its flushes: they are over at once, or the server is. All else goes
/// the usual way.
/// </summary>
internal sealed class LedStoreLink(StoreLink link, MemoryJournal here, SimServer server, SimWorld world) : ILedJournal
{
    public string Durability => link.Durability;

    public void Flush(IReadOnlyList<LedAppend> appends)
    {
        world.Count("flushes that an engine led");
        foreach (LedAppend led in appends)
        {
            if (server.IsAlive)
            {
                led.Outcome = Now(() => here.AppendAsync(led.Append, CancellationToken.None), led.Outcome);
                world.Count($"appends {led.Outcome.Status}");
            }
        }
    }

    public ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        ValueTask.FromResult(Now(() => here.ConfirmAsync(partition, epoch, CancellationToken.None), false));

    public ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel) =>
        link.AcquireAsync(partition, owner, membershipVersion, nowMs, cancel);

    public ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel) =>
        link.AppendAsync(append, cancel);

    public IAsyncEnumerable<JournalRecord> ReadAsync(PartitionId partition, Revision from, CancellationToken cancel) =>
        link.ReadAsync(partition, from, cancel);

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        link.ReadCheckpointAsync(partition, cancel);

    public ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel) =>
        link.WriteCheckpointAsync(partition, epoch, at, chunks, cancel);

    public ValueTask<bool> TruncateAsync(PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) =>
        link.TruncateAsync(partition, epoch, upTo, cancel);

    public ValueTask DisposeAsync() => link.DisposeAsync();

    /// <summary>What the store says at once; if it says that the process ended, the server ends.</summary>
    private T Now<T>(Func<ValueTask<T>> call, T otherwise)
    {
        try
        {
            ValueTask<T> answer = call();
            return answer.IsCompleted
                ? answer.GetAwaiter().GetResult()
                : throw new InvalidOperationException("The store of a led server answers at once.");
        }
        catch (MemoryCrashException)
        {
            server.Crash();
            return otherwise;
        }
    }
}
