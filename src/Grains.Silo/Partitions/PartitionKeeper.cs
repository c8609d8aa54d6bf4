using System.Threading.Channels;
using Grains.Silo.Cluster;
using Grains.Silo.Placement;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Grains.Silo.Partitions;

/// <summary>
/// Reads the cluster's settings before any partition runs, then keeps every partition active: all at start, what was
/// lost at once, everything after a change of membership and now and then.
/// </summary>
internal sealed partial class PartitionKeeper(
    IGrainFactory grains, PartitionReadiness readiness, LocalPartitions local, KeeperSurroundings around)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private Task _keeping = Task.CompletedTask;
    private long _viewChangedAt;
    private Task _watching = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(PartitionKeeper), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    private async Task StartAsync(CancellationToken cancel)
    {
        ClusterSettings proposed = ClusterSettings.New(
            around.Options.Partitions ?? ClusterSettings.PartitionsDefault, around.Time.GetUtcNow());
        ClusterSettings settings = await grains.GetGrain<IClusterSettingsGrain>(IClusterSettingsGrain.Key)
            .ReadOrCreate(proposed).WaitAsync(cancel);
        try
        {
            settings.CheckFor(around.Options.Partitions);
        }
        catch (ClusterSettingsException refusal)
        {
            // Not thrown into the silo's start: the process is to end in an orderly way, with this one line.
            readiness.Refuse(refusal);
            return;
        }

        readiness.Settings.Publish(settings);
        local.Changed += OnChanged;
        _keeping = Task.Run(KeepAsync, CancellationToken.None);
        _watching = Task.Run(WatchAsync, CancellationToken.None);
    }

    private async Task StopAsync(CancellationToken cancel)
    {
        local.Changed -= OnChanged;
        await _stop.CancelAsync();
        await Task.WhenAll(_keeping, _watching).WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnChanged(PartitionId partition)
    {
        bool isServed = local.TryGet(partition, out _);
        readiness.Set(partition, isServed);
        if (!isServed)
        {
            _changes.Writer.TryWrite(true);
        }
    }

    private async Task KeepAsync()
    {
        long begun = around.Time.GetTimestamp();
        bool wasReady = false;
        int failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            bool isWhole = await SweepAsync();
            if (isWhole != wasReady)
            {
                LogTurn(isWhole, around.Time.GetElapsedTime(begun));
                wasReady = isWhole;
            }

            failures = isWhole ? 0 : failures + 1;
            if (isWhole)
            {
                await HandOverAsync();
            }

            int pauseMs = isWhole
                ? (ViewAgeMs < around.Options.HandOverDelayMs ? around.Options.HandOverDelayMs : around.Options.SweepMs)
                : Math.Min(around.Options.RetryMsMin << Math.Min(failures, 16), around.Options.RetryMsMax);
            await PauseAsync(TimeSpan.FromMilliseconds(pauseMs));
        }
    }

    /// <summary>Ends early when something changed; never, while partitions are missing, before a short pause.</summary>
    private async Task PauseAsync(TimeSpan length)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task delay = Task.Delay(length, around.Time, pause.Token);
        if (readiness.IsReady)
        {
            await Task.WhenAny(delay, _changes.Reader.ReadAsync(pause.Token).AsTask());
        }
        else
        {
            await Task.WhenAny(delay);
        }

        await pause.CancelAsync();
    }

    /// <summary>One look at every partition that is not served here. False: some have no owner yet.</summary>
    private async Task<bool> SweepAsync()
    {
        var bounded = new ParallelOptions
        {
            MaxDegreeOfParallelism = around.Options.ParallelRecoveries,
            CancellationToken = _stop.Token,
        };
        try
        {
            await Parallel.ForEachAsync(readiness.Settings.Slots!.Partitions, bounded, async (partition, _) =>
            {
                if (!local.TryGet(partition, out PartitionLoop? _))
                {
                    readiness.Set(partition, await ActivateAsync(partition));
                }
            });
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return readiness.IsReady;
    }

    private double ViewAgeMs => around.Time.GetElapsedTime(Volatile.Read(ref _viewChangedAt)).TotalMilliseconds;

    /// <summary>
    /// Gives to other servers what the present view gives them, one partition after another, and only once the view
    /// has been the same for a while: servers that still disagree would pass partitions to and fro.
    /// </summary>
    private async Task HandOverAsync()
    {
        if (ViewAgeMs < around.Options.HandOverDelayMs)
        {
            return;
        }

        long view = around.Membership.Number;
        IReadOnlyDictionary<PartitionId, string> owners = PartitionAssignment.Compute(
            around.Membership.Active.Select(m => m.Name), readiness.Settings.Slots!.Partitions);
        foreach ((PartitionId partition, string owner) in owners)
        {
            if (_stop.IsCancellationRequested || view != around.Membership.Number)
            {
                return;
            }

            if (owner == around.Server || !local.TryGet(partition, out PartitionLoop? loop))
            {
                continue;
            }

            LogHandOver(around.Logger, partition, owner);
            await loop.StopAsync();
            if (!await ActivateAsync(partition) && !await ActivateAsync(partition))
            {
                // The next sweep finds it an owner; no further one is let go until all are served.
                return;
            }

            readiness.Set(partition, true);
        }
    }

    private async Task<bool> ActivateAsync(PartitionId partition)
    {
        try
        {
            PartitionReport report = await grains.GetPartition(partition).Activate();
            return report.Phase == PartitionPhase.Served;
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested)
            {
                LogNotActivated(around.Logger, partition, e.Message);
            }

            return false;
        }
    }

    private async Task WatchAsync()
    {
        try
        {
            long known = -1;
            await foreach (ClusterMembershipSnapshot snapshot in around.Membership.Updates.WithCancellation(_stop.Token))
            {
                // The same version is published again after each refresh of the table.
                if (snapshot.Version.Value != known)
                {
                    known = snapshot.Version.Value;
                    Volatile.Write(ref _viewChangedAt, around.Time.GetTimestamp());
                    _changes.Writer.TryWrite(true);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private void LogTurn(bool isWhole, TimeSpan since)
    {
        if (isWhole)
        {
            LogReady(around.Logger, readiness.Settings.Slots!.Partitions.Count, local.Count, since.TotalMilliseconds);
        }
        else
        {
            LogMissing(around.Logger, string.Join(", ", readiness.Missing.Take(10)));
        }
    }
}

/// <summary>What the keeper needs beside the partitions.</summary>
internal sealed record KeeperSurroundings(
    KeeperOptions Options, MembershipView Membership, TimeProvider Time, ILogger<PartitionKeeper> Logger)
{
    /// <summary>This server's name in the membership.</summary>
    public required string Server { get; init; }
}

/// <summary>How partitions are kept active. Inert: checked where they are bound.</summary>
public sealed record KeeperOptions
{
    /// <summary>How many partitions a new cluster gets, and an old one must have; null = default, and whatever is stored.</summary>
    public int? Partitions { get; init; }

    public int ParallelRecoveries { get; init; } = 4;

    /// <summary>Between two looks at all partitions while all are served.</summary>
    public int SweepMs { get; init; } = 10_000;

    /// <summary>The view must have been the same for this long before a partition is given to another server.</summary>
    public int HandOverDelayMs { get; init; } = 3_000;

    public int RetryMsMin { get; init; } = 50;

    public int RetryMsMax { get; init; } = 5_000;
}
