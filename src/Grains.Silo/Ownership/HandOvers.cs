using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

/// <summary>
/// Gives partitions of this server to the servers that they belong to, one after another. A healthy owner is replaced
/// in no other way. The new owner reads the partition ahead first, so that the pause is what is left to read, not all
/// of it.
/// </summary>
internal sealed partial class HandOvers(
    IGrainFactory grains,
    LocalPartitions local,
    PartitionOwners owners,
    ClusterPeers peers,
    KeeperOptions options,
    TimeProvider time,
    ILogger<HandOvers> log)
{
    /// <summary>After a preload that took longer, what came meanwhile is read ahead too.</summary>
    private static readonly TimeSpan _shortPreload = TimeSpan.FromMilliseconds(50);

    private const int _preloadsMax = 4;
    private const int _activationPauseMs = 5;

    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Let go, and nobody has it yet: no further one is let go before somebody does.</summary>
    private PartitionLoop? _ownerless;

    /// <summary>False: something that belongs elsewhere is still here, or has no owner yet.</summary>
    public async Task<bool> GiveAsync(CancellationToken cancel)
    {
        await _turn.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancel.IsCancellationRequested)
        {
            return false;
        }

        try
        {
            return await GiveAllAsync(cancel);
        }
        finally
        {
            _turn.Release();
        }
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
            MaxDegreeOfParallelism = options.ParallelRecoveries, CancellationToken = cancel,
        };
        await Parallel.ForEachAsync(loops, bounded, async (loop, stop) =>
        {
            if (!await UntilActiveAsync(loop.Id, time.GetTimestamp(), stop))
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
                LogNotActivated(log, partition, e.Message);
            }

            return false;
        }
    }

    private async Task<bool> GiveAllAsync(CancellationToken cancel)
    {
        if (_ownerless is { } earlier)
        {
            if (!await ActivateAsync(earlier.Id, cancel))
            {
                return false;
            }

            _ownerless = null;
        }

        bool all = true;
        foreach (PartitionLoop loop in local.All.OrderBy(l => l.Id))
        {
            if (owners.OwnerOf(loop.Id) is not { } owner || owner == peers.Name)
            {
                continue;
            }

            if (cancel.IsCancellationRequested)
            {
                return false;
            }

            if (!await PreloadAsync(loop.Id, owner, cancel))
            {
                // It stays here; others may be ready for theirs.
                all = false;
            }
            else if (!await GiveAsync(loop, owner, cancel))
            {
                _ownerless = loop;
                return false;
            }
        }

        return all;
    }

    private async Task<bool> GiveAsync(PartitionLoop loop, string owner, CancellationToken cancel)
    {
        long begun = time.GetTimestamp();
        LoopEnd end = await EndAsync(loop);
        long ended = time.GetTimestamp();
        if (end.Reason != LoopEndReason.HandedOver)
        {
            LogLeasesLost(log, loop.Id, owner, end.Why);
        }

        if (!await UntilActiveAsync(loop.Id, begun, cancel))
        {
            return false;
        }

        TimeSpan pause = time.GetElapsedTime(begun);
        _pauseMs.Record(pause.TotalMilliseconds);
        LogHandedOver(log, loop.Id, owner, pause.TotalMilliseconds,
            time.GetElapsedTime(begun, ended).TotalMilliseconds);
        return true;
    }

    /// <summary>In good order; where the journal is silent, in the end without.</summary>
    private async Task<LoopEnd> EndAsync(PartitionLoop loop)
    {
        try
        {
            return await loop.HandOverAsync().WaitAsync(
                TimeSpan.FromMilliseconds(options.HandOverMsMax), time);
        }
        catch (TimeoutException)
        {
            return await loop.AbandonAsync();
        }
    }

    private async Task<bool> UntilActiveAsync(PartitionId partition, long begun, CancellationToken cancel)
    {
        while (!await ActivateAsync(partition, cancel))
        {
            // The grain here is still on its way out, or the other server has not seen yet that the partition is its
            // own.
            if (cancel.IsCancellationRequested
                || time.GetElapsedTime(begun).TotalMilliseconds > options.HandOverMsMax)
            {
                return false;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(_activationPauseMs), time, CancellationToken.None);
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
                if (peers.Leaving.Contains(peers.Address))
                {
                    // It may have joined since the others were told: it would give the partition back.
                    await peers.At(address).Leaving(peers.Address).WaitAsync(cancel);
                }

                took = await peers.At(address).Preload(partition).WaitAsync(cancel);
            }

            return true;
        }
        catch (Exception e)
        {
            LogNotPreloaded(log, partition, owner, e.Message);
            return false;
        }
    }
}
