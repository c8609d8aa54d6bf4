using Grains.Silo.Placement;
using Grains.Silo.Servers;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Grains.Silo.Partitions;

/// <summary>
/// Gives partitions of this server to the servers that they belong to, one after another. A healthy owner is replaced in
/// no other way. The new owner reads the partition ahead first, so that the pause is what is left to read, not all of it.
/// </summary>
internal sealed partial class HandOvers(
    IGrainFactory grains, LocalPartitions local, PartitionOwners owners, IServerServiceClient servers, KeeperSurroundings around)
{
    /// <summary>After a preload that took longer, what came meanwhile is read ahead too.</summary>
    private static readonly TimeSpan _shortPreload = TimeSpan.FromMilliseconds(50);

    private const int _preloadsMax = 4;
    private const int _activationPauseMs = 5;

    /// <summary>False: something that belongs elsewhere is still here, or has no owner yet.</summary>
    public async Task<bool> GiveAsync(CancellationToken cancel)
    {
        bool all = true;
        foreach (PartitionLoop loop in local.All.OrderBy(l => l.Id))
        {
            if (owners.OwnerOf(loop.Id) is { } owner && owner != around.Server)
            {
                all &= !cancel.IsCancellationRequested && await GiveAsync(loop, owner, cancel);
            }
        }

        return all;
    }

    /// <summary>
    /// Drops partitions of this server, with nothing said to the journal, and has them taken over. False: some of them
    /// have no owner yet.
    /// </summary>
    public async Task<bool> AbandonAsync(IReadOnlyCollection<PartitionLoop> loops, CancellationToken cancel)
    {
        await Task.WhenAll(loops.Select(l => l.AbandonAsync())).WaitAsync(cancel);
        bool all = true;
        var bounded = new ParallelOptions
        {
            MaxDegreeOfParallelism = around.Options.ParallelRecoveries, CancellationToken = cancel,
        };
        await Parallel.ForEachAsync(loops, bounded, async (loop, stop) =>
        {
            if (!await UntilActiveAsync(loop.Id, around.Time.GetTimestamp(), stop))
            {
                Volatile.Write(ref all, false);
            }
        });
        return all;
    }

    /// <summary>Makes sure that somebody owns the partition. False: nobody does yet.</summary>
    public async Task<bool> ActivateAsync(PartitionId partition, CancellationToken cancel)
    {
        try
        {
            return (await grains.GetPartition(partition).Activate().WaitAsync(cancel)).Phase == PartitionPhase.Served;
        }
        catch (Exception e)
        {
            if (!cancel.IsCancellationRequested)
            {
                LogNotActivated(around.Logger, partition, e.Message);
            }

            return false;
        }
    }

    private async Task<bool> GiveAsync(PartitionLoop loop, string owner, CancellationToken cancel)
    {
        long asked = around.Time.GetTimestamp();
        if (!await PreloadAsync(loop.Id, owner, cancel))
        {
            return false;
        }

        long begun = around.Time.GetTimestamp();
        await loop.HandOverAsync();
        long ended = around.Time.GetTimestamp();
        if (!await UntilActiveAsync(loop.Id, begun, cancel))
        {
            // The next look at all partitions finds it an owner; no further one is let go until then.
            return false;
        }

        TimeSpan pause = around.Time.GetElapsedTime(begun);
        _pauseMs.Record(pause.TotalMilliseconds);
        LogHandedOver(around.Logger, loop.Id, owner, pause.TotalMilliseconds,
            around.Time.GetElapsedTime(begun, ended).TotalMilliseconds, around.Time.GetElapsedTime(asked, begun).TotalMilliseconds);
        return true;
    }

    private async Task<bool> UntilActiveAsync(PartitionId partition, long begun, CancellationToken cancel)
    {
        while (!await ActivateAsync(partition, cancel))
        {
            // The grain here is still on its way out, or the other server has not seen yet that the partition is its own.
            if (cancel.IsCancellationRequested
                || around.Time.GetElapsedTime(begun).TotalMilliseconds > around.Options.HandOverMsMax)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(_activationPauseMs), around.Time, CancellationToken.None);
        }

        return true;
    }

    private async Task<bool> PreloadAsync(PartitionId partition, string owner, CancellationToken cancel)
    {
        try
        {
            TimeSpan took = TimeSpan.MaxValue;
            for (int i = 0; i < _preloadsMax && took > _shortPreload; i++)
            {
                SiloAddress address = owners.AddressOf(owner)
                    ?? throw new SiloUnavailableException($"Server {owner} is not active any more.");
                took = await servers.At(address).Preload(partition).WaitAsync(cancel);
            }

            return true;
        }
        catch (Exception e)
        {
            LogNotPreloaded(around.Logger, partition, owner, e.Message);
            return false;
        }
    }
}
