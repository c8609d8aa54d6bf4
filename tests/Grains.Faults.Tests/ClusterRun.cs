using System.Diagnostics;
using System.Globalization;
using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>
/// One load on a cluster, with names of its own, and a writer for many partitions that tells how long each was gone.
/// </summary>
internal sealed class ClusterRun : IAsyncDisposable
{
    private const int _partitionsProbed = 16;
    private const int _fillBytes = 256 << 10;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _drainDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _recoveryDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _lossyDrainDeadline = TimeSpan.FromSeconds(10);
    private static int _runs;

    private readonly IReadOnlyList<ServerProcess> _servers;
    private readonly Callers _callers;
    private readonly LoadRecord _record;
    private MixedLoad _load;
    private readonly Random _random;
    private readonly RandomMoments _moments;

    public ClusterRun(int seed, ClusterWorld world)
    {
        int run = Interlocked.Increment(ref _runs);
        _servers = [.. world.Servers];
        _random = new Random(seed);
        _moments = new RandomMoments(seed);
        _callers = new Callers([.. world.Servers.Select(s => s.Url)]);
        _record = new LoadRecord(world.File($"history-{run}.jsonl"), new Names(run));
        _load = new MixedLoad(seed, _callers, _record, _pause);
        IEnumerable<uint> all = Enumerable.Range(0, ServerSettings.Partitions).Select(p => (uint)p);
        Probes = new Probes(
            all.Where(p => p % (ServerSettings.Partitions / _partitionsProbed) == 0),
            new Callers(_callers.Servers, Probes.CallDeadline),
            _record);
        View = new ClusterView(_callers.Next());
    }

    public Probes Probes { get; }

    public ClusterView View { get; }

    /// <summary>Those that faults happen to.</summary>
    public IReadOnlyList<ServerProcess> Servers => _servers;

    public LoadRecord Record => _record;

    public long Acknowledged => _record.Acknowledged;

    public Caller NewCaller() => _callers.Next();

    public Task DeclareAsync() => _record.Names.DeclareAsync(_callers.Next());

    /// <summary>Returns when partitions are where they stay, and every one of them was written.</summary>
    public async Task StartAsync()
    {
        await View.SettleAsync(_servers.Count, _recoveryDeadline);
        _load.Start();
        Probes.Start();
        await Probes.AllSucceedAsync(LoadRecord.NowNs(), _recoveryDeadline);
    }

    /// <summary>Ballast in all partitions, for a fault's time with data.</summary>
    public async Task FillAsync(int megabytes)
    {
        string text = new('x', _fillBytes);
        Caller caller = _callers.Next();
        for (long i = 0; i * _fillBytes < (long)megabytes << 20; i++)
        {
            Reply reply = await caller.PutTextAsync(Names.KeyPath(_record.Names.Filled, $"{i}"), text, null);
            Assert.True(reply.Is(200) || reply.Is(201), $"{reply}");
        }
    }

    /// <summary>
    /// No new keys and messages, for a long run: states and histories would grow all the time. Probes go on.
    /// </summary>
    public Task QuietenAsync() => _load.StopAskingAsync(_drainDeadline);

    /// <summary>
    /// All of these, each once, in an order and at moments drawn from the seed, each from a whole cluster.
    /// </summary>
    public async Task StrikeAsync(IEnumerable<FaultKind> kinds)
    {
        FaultKind[] order = [.. kinds];
        _random.Shuffle(order);
        foreach (FaultKind kind in order)
        {
            var took = Stopwatch.StartNew();
            await _moments.NextAsync();
            await StrikeAsync(kind, _servers[_random.Next(_servers.Count)]);
            kind.Figures.Took += took.Elapsed;
        }
    }

    /// <summary>Lets everything drain, then holds what clients know against what the cluster has.</summary>
    public async Task<Findings> FinishAsync()
    {
        await Probes.StopAsync();
        await _load.StopAskingAsync(_drainDeadline);
        return await new FinalChecks(_callers.Next(), _record).RunAsync(_load, _drainDeadline);
    }

    /// <summary>Ends every client where it is, for a cluster that has lost something, and checks what it has.</summary>
    public async Task<Findings> CheckLossyAsync()
    {
        await Probes.StopAsync();
        await _load.DisposeAsync();
        _load = new MixedLoad(0, _callers, _record);
        _load.StartReceiving();
        return await new FinalChecks(_callers.Next(), _record).RunAsync(_load, _lossyDrainDeadline);
    }

    /// <summary>
    /// Errors are those of the probes, which use servers that nothing happened to, and of the load, which uses all.
    /// </summary>
    public string Figures(Findings findings) => string.Create(
        CultureInfo.InvariantCulture,
        $"errors of probes: {Probes.Tally.Failures()} in {Probes.Tally.Calls:N0}, of load: "
        + $"{_callers.Tally.Failures()} in "
        + $"{_callers.Tally.Calls:N0}; unknown {_callers.Tally.UnknownShare()}; {Acknowledged:N0} acknowledged; "
        + $"{findings.Violations.Count} anomalies");

    public async ValueTask DisposeAsync()
    {
        await Probes.DisposeAsync();
        await _load.DisposeAsync();
        _callers.Dispose();
        _record.Dispose();
    }

    private async Task StrikeAsync(FaultKind kind, ServerProcess victim)
    {
        (Fault fault, FaultFigures figures) = (kind.Fault, kind.Figures);
        IReadOnlyList<ServerProcess> avoided = fault.Avoid(victim);
        HashSet<string> names = [.. avoided.Select(s => s.Name)];
        HashSet<uint> owned =
        [
            .. (await View.PartitionsAsync()).Where(p => names.Contains(p.Owner)).Select(p => p.Partition)
        ];
        await fault.PrepareAsync(this, victim, owned);

        // Where no call may fail, a slow one is told from a failed one by the pause.
        Probes.Deadline = kind.MayFailCalls ? Probes.CallDeadline : _patience;
        await Probes.UseAsync([.. _servers.Except(avoided).Select(s => s.Url)], _recoveryDeadline);

        long failedBefore = Probes.Tally.Failed;
        long struckNs = LoadRecord.NowNs();
        await fault.StrikeAsync(victim);
        await Probes.AllSucceedAsync(LoadRecord.NowNs(), _recoveryDeadline);
        foreach (PartitionWriter writer in Probes.Writers)
        {
            Pauses pauses = avoided.Count == 0 || owned.Contains(writer.Partition) ? figures.Hit : figures.Others;
            pauses.Add(writer.LongestGapSince(struckNs));
        }

        long repairNs = LoadRecord.NowNs();
        await fault.RepairAsync(victim);
        await Task.WhenAll(_servers.Select(s => s.BecomeReadyAsync()));
        await View.SettleAsync(_servers.Count, _recoveryDeadline);
        await Probes.UseAsync(_callers.Servers, _recoveryDeadline);
        foreach (ServerProcess server in _servers)
        {
            server.MustLive();
        }

        foreach (PartitionWriter writer in Probes.Writers)
        {
            figures.Return.Add(writer.LongestGapSince(repairNs));
        }

        figures.Times++;
        Assert.True(
            kind.MayFailCalls || Probes.Tally.Failed == failedBefore,
            $"{Probes.Tally.Failed - failedBefore} calls failed during {fault.Name}; of all: "
            + $"{Probes.Tally.Failures()}");
    }
}
