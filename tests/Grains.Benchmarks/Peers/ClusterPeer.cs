using Grains.Benchmarks.Http;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;
using StackExchange.Redis;

namespace Grains.Benchmarks.Peers;

/// <summary>
/// Three servers of ours on one Postgres, a third of the callers at each: by bare HTTP, or by StackExchange.Redis with
/// a connection to each. Both are one cluster, with keys of their own.
/// </summary>
internal sealed class ClusterPeer : Peer
{
    private static readonly RedisValue _value = new byte[BenchmarkKeys.ValueBytes];
    private readonly ThreeServers _servers;
    private readonly IReadOnlyList<ConnectionMultiplexer>? _redis;
    private readonly int _keys;

    private ClusterPeer(string name, ThreeServers servers, IReadOnlyList<ConnectionMultiplexer>? redis, int keys)
        : base(name) => (_servers, _redis, _keys) = (servers, redis, keys);

    /// <returns>The one over HTTP, and the one over RESP, which ends with it.</returns>
    public static async Task<(ClusterPeer Http, ClusterPeer Resp)> StartAsync(DataFolder data, int keys)
    {
        int[] ports = [.. Enumerable.Range(0, 3).Select(_ => ChildProcess.FreePort())];
        BenchmarkDatabase database = await BenchmarkDatabase.StartAsync(data);
        ThreeServers servers;
        try
        {
            servers = await ThreeServers.StartAsync(database, i => ["--resp", $"127.0.0.1:{ports[i - 1]}"]);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }

        List<ConnectionMultiplexer> redis = [];
        foreach (int port in ports)
        {
            redis.Add(await RespPeer.ConnectAsync(port));
        }

        return (new ClusterPeer("three Grains, HTTP", servers, null, keys),
            new ClusterPeer("three Grains, RESP", servers, redis, keys));
    }

    public override TimeSpan? ServerCpu => _servers.ServersCpu;

    public override async Task<TimeSpan> PostgresCpuAsync() => (await _servers.Database.UseAsync()).Cpu;

    public override async Task<string> DescribeAsync() =>
        $"three servers on one {await _servers.Database.DescribeAsync()}";

    public override Task FillAsync() => _redis is null
        ? KeySteps.FillAsync(_servers.Ports, _keys)
        : RespPeer.FillAsync(_redis[0].GetDatabase(), _keys);

    public override Task<Work>? OpenAsync(PeerWork work, int callers) =>
        _redis is { } redis ? RespWork(redis, work) : HttpWorkAsync(work, callers);

    public override async ValueTask DisposeAsync()
    {
        if (_redis is { } redis)
        {
            foreach (ConnectionMultiplexer connection in redis)
            {
                await connection.DisposeAsync();
            }
        }
        else
        {
            await _servers.DisposeAsync();
        }
    }

    private Task<Work>? RespWork(IReadOnlyList<ConnectionMultiplexer> redis, PeerWork work)
    {
        IDatabase[] databases = [.. redis.Select(r => r.GetDatabase())];
        return work switch
        {
            PeerWork.Put => Task.FromResult(new Work(async caller =>
                await databases[caller % databases.Length].StringSetAsync(RespPeer.AnyKey(_keys), _value))),
            PeerWork.Get => Task.FromResult(new Work(async caller => RespPeer.Found(
                await databases[caller % databases.Length].StringGetAsync(RespPeer.AnyKey(_keys))))),
            _ => null,
        };
    }

    private async Task<Work> HttpWorkAsync(PeerWork work, int callers)
    {
        HttpConnection[] open = await _servers.OpenAsync(callers);
        KeySteps keys = new(_keys, callers);
        Func<HttpConnection, int, ValueTask> step = work switch
        {
            PeerWork.Put => keys.PutAsync,
            PeerWork.Get => keys.GetAsync,
            _ => HttpSteps.CycleAsync,
        };
        return ThreeServers.Over(open, caller => step(open[caller], caller));
    }
}
