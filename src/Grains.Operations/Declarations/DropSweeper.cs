using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Grains.Operations.Declarations;

/// <summary>
/// Finishes deletions: for every tombstone, takes the declaration away if a crash left it, tells every partition to
/// forget, in steps, and at last removes the tombstone. Each step may be repeated, here and on other servers at once.
/// </summary>
public sealed partial class DropSweeper(
    IPartitions partitions, SystemKeyspace system, TimeProvider time, ILogger<DropSweeper> log) : BackgroundService
{
    private static readonly TimeSpan _pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _pauseAfterTrouble = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            TimeSpan pause = _pause;
            try
            {
                if (partitions.IsReady)
                {
                    await SweepAsync(stoppingToken);
                }
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                LogTrouble(log, e, _pauseAfterTrouble);
                pause = _pauseAfterTrouble;
            }
            catch (Exception)
            {
                return;
            }

            await Task.Delay(pause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>One pass over all tombstones.</summary>
    public async Task SweepAsync(CancellationToken cancel)
    {
        foreach (Tombstone tombstone in await system.ListTombstonesAsync(cancel))
        {
            await system.RemoveAsync(tombstone.Kind, tombstone.Name, new Revision(tombstone.Id));
            foreach (PartitionId partition in partitions.Slots.Partitions)
            {
                await DropAsync(partition, tombstone, cancel);
            }

            await system.ForgetAsync(tombstone);
            LogDropped(log, tombstone.Kind, tombstone.Name, tombstone.Id);
        }
    }

    private async Task DropAsync(PartitionId partition, Tombstone tombstone, CancellationToken cancel)
    {
        while (true)
        {
            Command step = tombstone.Kind == Kind.Keyspaces
                ? new DropKeyspace(new KeyspaceId(tombstone.Id))
                : new DropService(new ServiceId(tombstone.Id));
            Answer answer = await partitions.ExecuteAsync(partition, step, cancel);
            if (answer is not Dropped dropped)
            {
                throw new OperationRefusedException(Refusals.Of(answer, ProblemCode.Internal));
            }

            if (!dropped.Remaining)
            {
                return;
            }
        }
    }
}
