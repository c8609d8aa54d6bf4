using System.Threading.Channels;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

/// <summary>
/// Reads the cluster's settings before any partition runs, then keeps every partition active: what belongs to this
/// server at once after each change, everything now and then; and gives away what belongs to another.
/// </summary>
internal sealed partial class PartitionKeeper(
    ClusterSettingsReader settings,
    PartitionReadiness readiness,
    LocalPartitions local,
    HandOvers handOvers,
    PartitionOwners owners,
    ClusterPeers peers,
    KeeperOptions options,
    TimeProvider time,
    ILogger<PartitionKeeper> log)
    : ILifecycleParticipant<ISiloLifecycle>
{
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Ends what is given away for balance, so that all can be given away.</summary>
    private readonly CancellationTokenSource _leave = new();
    private readonly Channel<bool> _changes =
        Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    private Task _work = Task.CompletedTask;
    private long _viewChangedAt;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(PartitionKeeper), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    /// <summary>
    /// Before the server stops, while it still answers: the others are told, and get its partitions one by one. What is
    /// left when the time is over is taken over by them as after a crash, but for its leases.
    /// </summary>
    public async Task LeaveAsync(CancellationToken cancel)
    {
        readiness.Leave();
        if (settings.View.Slots is null || peers.Leaving.Contains(peers.Address))
        {
            return;
        }

        long begun = time.GetTimestamp();
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        over.CancelAfter(TimeSpan.FromMilliseconds(options.LeaveMsMax));
        LogLeaving(log, local.Count);
        peers.Leaving.Add(peers.Address);
        await _leave.CancelAsync();
        await Task.WhenAll(peers.Others.Select(TellAsync));
        while (local.Count > 0 && owners.Servers.Any() && !over.IsCancellationRequested)
        {
            if (!await handOvers.GiveAsync(over.Token))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(options.RetryMsMin), time, CancellationToken.None);
            }
        }

        LogLeft(log, local.Count, time.GetElapsedTime(begun).TotalMilliseconds);

        async Task TellAsync(ClusterMember member)
        {
            try
            {
                await peers.At(member.SiloAddress).Leaving(peers.Address).WaitAsync(over.Token);
            }
            catch (Exception e)
            {
                LogNotTold(log, member.Name, e.Message);
            }
        }
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        ClusterSettings proposed = ClusterSettings.New(
            options.Partitions ?? ClusterSettings.PartitionsDefault, time.GetUtcNow());
        ClusterSettings known = await settings.ReadOrCreateAsync(proposed).WaitAsync(cancel);
        try
        {
            known.CheckFor(options.Partitions);
            options.OnSettings(known);
        }
        catch (ClusterSettingsException refusal)
        {
            // Not thrown into the silo's start: the process is to end in an orderly way, with this one line.
            readiness.Refuse(refusal);
            return;
        }

        settings.Publish(known);
        local.Changed += OnChanged;
        settings.Changed += OnSettingsChanged;
        peers.Leaving.Returned += Wake;
        _work = Task.WhenAll(Task.Run(KeepAsync, CancellationToken.None), Task.Run(SurveyAsync, CancellationToken.None),
            Task.Run(() => WatchAsync(peers.Membership.Updates, view => view.Version), CancellationToken.None),
            Task.Run(() => WatchAsync(peers.Membership.ClassUpdates, view => view.Version), CancellationToken.None));
    }

    private async Task StopAsync(CancellationToken cancel)
    {
        local.Changed -= OnChanged;
        settings.Changed -= OnSettingsChanged;
        peers.Leaving.Returned -= Wake;
        await _stop.CancelAsync();
        await _leave.CancelAsync();
        await _work.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private void OnChanged(PartitionId partition)
    {
        bool isServed = local.TryGet(partition, out _);
        readiness.Set(partition, isServed);
        if (!isServed)
        {
            Wake();
        }
    }

    private void OnSettingsChanged()
    {
        if (settings.View.Settings is { } changed)
        {
            options.OnSettings(changed);
        }

        Wake();
    }

    private void Wake() => _changes.Writer.TryWrite(true);

    /// <summary>
    /// Every partition of this server is active here, and none of another's, once the view is settled.
    /// </summary>
    private async Task KeepAsync()
    {
        int failures = 0;
        while (!_stop.IsCancellationRequested)
        {
            bool isOwn = await ActivateAsync(owners.All.Where(o => o.Value == peers.Name).Select(o => o.Key));
            bool isSettled = ViewAgeMs >= options.HandOverDelayMs || !IsWanted;
            bool isGiven = !isSettled || peers.Leaving.Contains(peers.Address) || await GiveAsync();
            failures = isOwn && isGiven ? 0 : failures + 1;
            int pauseMs = failures > 0
                ? Math.Min(options.RetryMsMin << Math.Min(failures, 16), options.RetryMsMax)
                : isSettled ? options.SweepMs : options.HandOverDelayMs;
            await PauseAsync(TimeSpan.FromMilliseconds(pauseMs), endsEarly: failures == 0);
        }
    }

    /// <summary>
    /// Looks now and then at the partitions of others: whether they are served, and that they are at all.
    /// </summary>
    private async Task SurveyAsync()
    {
        long begun = time.GetTimestamp();
        bool wasWhole = false;
        while (!_stop.IsCancellationRequested)
        {
            bool isWhole = await ActivateAsync(readiness.Settings.Slots!.Partitions) && readiness.IsWhole;
            if (isWhole != wasWhole)
            {
                LogTurn(isWhole, time.GetElapsedTime(begun));
                wasWhole = isWhole;
            }

            await Task.Delay(
                TimeSpan.FromMilliseconds(isWhole ? options.SweepMs : options.RetryMsMin * 4), time, _stop.Token)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await RefreshAsync(isWhole);
        }
    }

    /// <summary>Those that were given away are served by others, and known to be at once.</summary>
    private async Task<bool> GiveAsync() =>
        await handOvers.GiveAsync(_leave.Token) & await ActivateAsync(
            readiness.Missing.Where(p => owners.OwnerOf(p) != peers.Name));

    private double ViewAgeMs => time.GetElapsedTime(Volatile.Read(ref _viewChangedAt)).TotalMilliseconds;

    /// <summary>False: drained, and to get rid of everything without waiting.</summary>
    private bool IsWanted => settings.View.Settings?.Drained.Contains(peers.Name) != true;

    /// <summary>Ends early when something changed; never, after a failure, before a short pause.</summary>
    private async Task PauseAsync(TimeSpan length, bool endsEarly)
    {
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token);
        Task delay = Task.Delay(length, time, pause.Token);
        await (endsEarly ? Task.WhenAny(delay, _changes.Reader.ReadAsync(pause.Token).AsTask()) : Task.WhenAny(delay));
        await pause.CancelAsync();
    }

    /// <summary>False: some of them have no owner yet.</summary>
    private async Task<bool> ActivateAsync(IEnumerable<PartitionId> partitions)
    {
        if (peers.Membership.Hosts.Count == 0)
        {
            foreach (PartitionId partition in partitions)
            {
                readiness.Set(partition, isServed: local.TryGet(partition, out _));
            }

            return false;
        }

        int missing = 0;
        var bounded = new ParallelOptions
        {
            MaxDegreeOfParallelism = options.ParallelRecoveries, CancellationToken = _stop.Token
        };
        try
        {
            await Parallel.ForEachAsync(partitions, bounded, async (partition, cancel) =>
            {
                // Looked up after the call too: the answer may come from an owner that has given the partition to this
                // server since. A later look at all partitions corrects what was overtaken between these lines.
                bool isServed = local.TryGet(partition, out _)
                    || await handOvers.ActivateAsync(partition, cancel) || local.TryGet(partition, out _);
                readiness.Set(partition, isServed);
                Interlocked.Add(ref missing, isServed ? 0 : 1);
            });
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        return missing == 0;
    }

    private async Task RefreshAsync(bool isWhole)
    {
        try
        {
            await settings.RefreshAsync().WaitAsync(_stop.Token);
            if (isWhole && settings.View.Settings is { Begun: false })
            {
                await settings.BeginAsync().WaitAsync(_stop.Token);
            }
        }
        catch (Exception e)
        {
            if (!_stop.IsCancellationRequested)
            {
                LogNotRefreshed(log, e.Message);
            }
        }
    }

    /// <summary>
    /// The view is new with each version, of the members or of what they have. The same version is published again
    /// after each refresh of the table.
    /// </summary>
    private async Task WatchAsync<TView, TVersion>(IAsyncEnumerable<TView> updates, Func<TView, TVersion> version)
        where TVersion : struct, IEquatable<TVersion>
    {
        try
        {
            TVersion? known = null;
            await foreach (TView view in updates.WithCancellation(_stop.Token))
            {
                if (!version(view).Equals(known))
                {
                    known = version(view);
                    Volatile.Write(ref _viewChangedAt, time.GetTimestamp());
                    peers.Leaving.KeepOnly(peers.Membership.Active.Select(m => m.SiloAddress));
                    Wake();
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
            LogReady(log, readiness.Settings.Slots!.Partitions.Count, local.Count, since.TotalMilliseconds);
        }
        else
        {
            LogMissing(log, string.Join(", ", readiness.Missing.Take(10)));
        }
    }
}
