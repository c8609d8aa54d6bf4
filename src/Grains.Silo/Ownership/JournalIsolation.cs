using Grains.Journal;
using Grains.Silo.Loops;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

/// <summary>
/// Finds out when this server does not reach the journal and others do: alive for the cluster, of no use to its
/// partitions. It gives them up then, to be taken over as after a crash, and takes its share again once the journal has
/// answered for a while. While nobody reaches the journal everybody keeps what they have.
/// </summary>
internal sealed partial class JournalIsolation(
    IJournal journal,
    LocalPartitions local,
    HandOvers handOvers,
    PartitionReadiness readiness,
    PartitionOwners owners,
    ClusterPeers peers,
    KeeperOptions options,
    TimeProvider time,
    ILogger<JournalIsolation> log)
    : ILifecycleParticipant<ISiloLifecycle>
{
    /// <summary>One is a coincidence: when a journal comes back, it does not for all at the same moment.</summary>
    private const int _roundsToLeave = 2;

    /// <summary>After an outage that all had, not all see its end in the same second.</summary>
    private const int _roundsToLeaveAfterOutage = 6;

    private const int _roundsToReturn = 3;
    private static readonly TimeSpan _fresh = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(250);

    private readonly CancellationTokenSource _stop = new();

    /// <summary>Servers that know whether this one is cut off, by what they were told last.</summary>
    private readonly HashSet<SiloAddress> _told = [];

    private Task _work = Task.CompletedTask;
    private bool _wasIsolated;
    private bool _wasOutage;
    private long _unopenedAt;
    private int _rounds;
    private volatile bool _isIsolated;

    /// <summary>It has given its partitions up, and is to get none.</summary>
    public bool IsIsolated => _isIsolated;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(JournalIsolation), ServiceLifecycleStage.Active, StartAsync, StopAsync);

    /// <summary>
    /// Whether a partition has had a verdict of the journal within the last second, or a question to it is answered
    /// within one.
    /// </summary>
    public async Task<bool> ReachesJournalAsync()
    {
        if (local.All.Any(l => l.SinceAnswer < _fresh))
        {
            return true;
        }

        try
        {
            // On another way than appends and confirmations: one connection that hangs is no cut.
            await journal.ReadCheckpointAsync(default, CancellationToken.None).AsTask()
                .WaitAsync(TimeSpan.FromMilliseconds(options.JournalProbeMsMax), time);
            return true;
        }
        catch (Exception e)
        {
            LogNotReached(log, e.Message);
            return false;
        }
    }

    private Task StartAsync(CancellationToken cancel)
    {
        _work = Task.Run(WatchAsync, CancellationToken.None);
        return Task.CompletedTask;
    }

    private async Task StopAsync(CancellationToken cancel)
    {
        await _stop.CancelAsync();
        await _work.WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private async Task WatchAsync()
    {
        while (!_stop.IsCancellationRequested && !readiness.IsLeaving)
        {
            await Task.Delay(_pause, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                await (IsIsolated ? UntilReachedAsync() : UntilSilentAsync());
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                LogFailed(log, e);
            }
        }
    }

    private async Task UntilSilentAsync()
    {
        TimeSpan silence = Silence();
        bool isSilent = silence.TotalMilliseconds >= options.IsolationMs;
        _wasOutage &= isSilent;
        _rounds = isSilent && await OnlyOthersReachAsync() ? _rounds + 1 : 0;
        if (_rounds == (_wasOutage ? _roundsToLeaveAfterOutage : _roundsToLeave))
        {
            await LeaveAsync(silence);
        }
        else if (_wasIsolated)
        {
            await TellAsync(server => server.Returned(peers.Address));
        }
    }

    /// <summary>
    /// The longest wait for a verdict; or for a partition that is this server's and cannot be opened.
    /// </summary>
    private TimeSpan Silence()
    {
        bool isOpen = owners.All.All(o => o.Value != peers.Name || local.TryGet(o.Key, out _));
        _unopenedAt = isOpen ? 0 : _unopenedAt == 0 ? time.GetTimestamp() : _unopenedAt;
        TimeSpan unopened = isOpen ? TimeSpan.Zero : time.GetElapsedTime(_unopenedAt);
        TimeSpan undecided = local.All.Select(l => l.Silence).DefaultIfEmpty().Max();
        return unopened > undecided ? unopened : undecided;
    }

    private async Task<bool> OnlyOthersReachAsync()
    {
        Task<bool> own = ReachesJournalAsync();
        bool[] others = await Task.WhenAll(
            owners.Servers.Where(s => s.Name != peers.Name).Select(
                s => AskAsync(s.SiloAddress, service => service.ReachesJournal())));
        bool isReached = await own;
        _wasOutage |= !isReached && !others.Contains(true);
        return !isReached && others.Contains(true);
    }

    private async Task LeaveAsync(TimeSpan silence)
    {
        IReadOnlyCollection<PartitionLoop> lost = local.All;
        LogIsolated(log, silence.TotalSeconds, lost.Count);
        _isolations.Add(1);
        _isIsolated = true;
        _wasIsolated = true;
        _rounds = 0;
        _told.Clear();
        peers.Leaving.Add(peers.Address);
        await TellAsync(server => server.Leaving(peers.Address));
        bool all = await handOvers.AbandonAsync(lost, _stop.Token);
        LogGivenUp(log, lost.Count, all ? "all have" : "not all have yet");
    }

    private async Task UntilReachedAsync()
    {
        _rounds = await ReachesJournalAsync() ? _rounds + 1 : 0;
        if (_rounds < _roundsToReturn)
        {
            if (local.All is { Count: > 0 } late)
            {
                // Opened in a moment in which the journal answered.
                await handOvers.AbandonAsync(late, _stop.Token);
            }

            await TellAsync(server => server.Leaving(peers.Address));
            return;
        }

        LogReturned(log);
        _isIsolated = false;
        _rounds = 0;
        _told.Clear();
        if (!readiness.IsLeaving)
        {
            peers.Leaving.Remove(peers.Address);
            await TellAsync(server => server.Returned(peers.Address));
        }
    }

    /// <summary>Those that do not know yet. Who is not reached is told in the next round.</summary>
    private async Task TellAsync(Func<IServerService, Task> tell)
    {
        SiloAddress[] others =
        [
            .. peers.Membership.Active.Select(m => m.SiloAddress).Where(a => !a.Equals(peers.Address))
        ];
        _told.IntersectWith(others);
        bool[] told = await Task.WhenAll(
            others.Select(async other => _told.Contains(other) || await AskAsync(other, Told)));
        _told.UnionWith(others.Where((_, i) => told[i]));

        async Task<bool> Told(IServerService service)
        {
            await tell(service);
            return true;
        }
    }

    /// <summary>False too where the server is not reached.</summary>
    private async Task<bool> AskAsync(SiloAddress server, Func<IServerService, Task<bool>> ask)
    {
        try
        {
            return await ask(peers.At(server)).WaitAsync(_stop.Token);
        }
        catch (Exception e) when (!_stop.IsCancellationRequested)
        {
            LogNotAsked(log, server, e.Message);
            return false;
        }
    }
}
