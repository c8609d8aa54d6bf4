using System.Diagnostics;
using Grains.Checkers.Witnesses;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>
/// A server is taken from its cluster for a while without being told, and is asked all the time for what it may not say
/// any more. Afterwards it finds out by itself that it is out, or is a member as before.
/// </summary>
internal abstract class ZombieFault(string name, TimeSpan length) : Fault(name)
{
    private const int _partitionsAsked = 4;
    private static readonly TimeSpan _afterwards = TimeSpan.FromSeconds(4);

    /// <summary>Who lost everything to others finds that out; on a busy machine it takes its time.</summary>
    private static readonly TimeSpan _untilItKnows = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _deadlineAfterwards = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(20);

    private readonly Stopwatch _away = new();
    private Zombies? _zombies;
    private long _struckNs;
    private long _repairedNs;

    public ZombieTally Tally { get; } = new();

    public override string Note => $"{Tally}";

    /// <summary>
    /// Everything seen by clients of its last run, what was marked as stale during it taken for fresh.
    /// </summary>
    public IEnumerable<Witness> StaleTakenForFresh() => Run.Record.Witnesses.Select(
        w => w.Kind == WitnessKind.Stale && w.CallNs >= _struckNs && w.CallNs <= _repairedNs
            ? w with { Kind = WitnessKind.Seen }
            : w);

    protected abstract void Take(ServerProcess victim);

    protected abstract void Release(ServerProcess victim);

    protected override async Task PrepareAsync(ServerProcess victim, IReadOnlySet<uint> owned)
    {
        var bound = new Callers([victim.Url], length + _deadlineAfterwards);
        var others = new Callers([.. Run.Probes.Servers.Where(u => u != victim.Url)]);
        _zombies = new Zombies(bound, others, Run.Record, Tally);
        await _zombies.PrepareAsync(Run.Probes.Writers.Where(w => owned.Contains(w.Partition)).Take(_partitionsAsked));
    }

    public override Task StrikeAsync(ServerProcess victim)
    {
        _away.Restart();
        _struckNs = LoadRecord.NowNs();
        Take(victim);
        _zombies!.Start();
        return Task.CompletedTask;
    }

    public override async Task RepairAsync(ServerProcess victim)
    {
        while (_away.Elapsed < length)
        {
            await Task.Delay(_pollPeriod);
        }

        TimeSpan patience = ClusterView.Counts(await Run.View.PartitionsAsync()).ContainsKey(victim.Name)
            ? _afterwards
            : _untilItKnows;
        Release(victim);
        for (var waited = Stopwatch.StartNew(); victim.IsRunning && waited.Elapsed < patience;)
        {
            await Task.Delay(_pollPeriod);
        }

        await _zombies!.DisposeAsync();
        _repairedNs = LoadRecord.NowNs();
        if (!victim.IsRunning)
        {
            Tally.Ended();
            await victim.StartAsync();
        }
    }
}
