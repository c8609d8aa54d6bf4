using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Simulation.Tests.Planted;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>
/// The shared store for a server whose engine leads its flushes: they are over at once, or the server is. All else goes
/// the usual way.
/// </summary>
internal sealed class LedStoreLink(StoreLink link, MemoryJournal here, SimServer server, SimWorld world)
    : WrappedJournal(link), ILedJournal
{
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

    public override ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        ValueTask.FromResult(Now(() => here.ConfirmAsync(partition, epoch, CancellationToken.None), false));

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
