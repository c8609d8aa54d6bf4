using System.Diagnostics;
using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;

namespace Grains.Faults.Tests;

/// <summary>One server, one load, one record; the test says what goes wrong meanwhile.</summary>
internal sealed class FaultRun : IAsyncDisposable
{
    /// <summary>Of each kind of client, between one fault and the next: with less, a run would prove little.</summary>
    private const int _acknowledgedMin = 50;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(10);

    private readonly Callers _callers;
    private readonly LoadRecord _record;
    private readonly RedisCounters _redis;
    private MixedLoad _load;
    private readonly int _seed;
    private readonly RandomMoments _moments;

    public FaultRun(int seed, string dataFolder, TempFolder folder, bool sync = true)
    {
        _seed = seed;
        _moments = new RandomMoments(seed);
        Server = new ServerProcess(ServerSettings.Embedded(dataFolder, folder.File("server.log"), sync));
        _callers = new Callers([Server.Url]);
        _record = new LoadRecord(folder.File("history.jsonl"), new Names());
        _load = new MixedLoad(seed, _callers, _record, _pause);
        _redis = new RedisCounters(Server.Redis!, seed);
    }

    public ServerProcess Server { get; }

    public long Acknowledged => _record.Acknowledged;

    public async Task StartAsync()
    {
        await Server.StartAsync();
        await _record.Names.DeclareAsync(_callers.Next());
    }

    public void StartLoad()
    {
        _load.Start();
        _redis.Start();
    }

    /// <summary>Returns at a random moment after which there is something that the next fault could take along.</summary>
    /// <exception cref="TimeoutException">The load does not get on.</exception>
    public async Task WorkAsync()
    {
        var waited = Stopwatch.StartNew();
        (long byHttp, long byRedis) = (Acknowledged + _acknowledgedMin, _redis.Acknowledged + _acknowledgedMin);
        await _moments.NextAsync();
        while (Acknowledged < byHttp || _redis.Acknowledged < byRedis)
        {
            if (waited.Elapsed > _deadline)
            {
                throw new TimeoutException($"The load does not get on: {Figures()}\n{Server.LogTail()}");
            }

            await Task.Delay(_pollPeriod);
        }
    }

    /// <summary>Every client ends where it is: for a server that does not come back as it was.</summary>
    public async Task AbandonLoadAsync()
    {
        await _load.DisposeAsync();
        _load = new MixedLoad(_seed, _callers, _record);
        _load.StartReceiving();
    }

    /// <summary>Lets the senders finish and the nodes drain, then checks everything.</summary>
    public async Task<Findings> FinishAsync()
    {
        await _load.StopAskingAsync(_deadline);
        return await CheckAsync(_deadline);
    }

    public async Task<Findings> CheckAsync(TimeSpan drainDeadline)
    {
        Findings findings = await new FinalChecks(_callers.Next(), _record).RunAsync(_load, drainDeadline);
        IReadOnlyList<string> counted = await _redis.FinishAsync().WaitAsync(_deadline);
        return findings with { Violations = [.. findings.Violations, .. counted] };
    }

    public string Figures() =>
        $"{_record.Acknowledged} acknowledged, {_redis.Acknowledged} by Redis clients, {_record.Messages.Count} messages, {_record.OnceKeys.Count} keys put "
        + "once, "
        + $"histories: {_record.Registers.OkCount} ok, {_record.Registers.FailCount} failed, "
        + $"{_record.Registers.UnknownCount} unknown";

    public async ValueTask DisposeAsync()
    {
        await _load.DisposeAsync();
        await Server.DisposeAsync();
        await _redis.AbandonAsync();
        _callers.Dispose();
        _record.Dispose();
    }
}
