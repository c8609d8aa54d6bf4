using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;
using StackExchange.Redis;

namespace Grains.Benchmarks.Peers;

/// <summary>A server that speaks RESP, by StackExchange.Redis: all callers share one multiplexed connection.</summary>
internal sealed class RespPeer : Peer
{
    private static readonly byte[] _value = new byte[BenchmarkKeys.ValueBytes];
    private static readonly RedisKey[] _keys =
    [
        .. Enumerable.Range(0, PeersBenchmark.Keys).Select(n => (RedisKey)$"key-{n:d6}")
    ];

    private readonly ChildProcess _process;
    private readonly IDisposable? _owner;
    private readonly ConnectionMultiplexer _connection;

    private RespPeer(string name, ChildProcess process, IDisposable? owner, ConnectionMultiplexer connection)
        : base(name) => (_process, _owner, _connection) = (process, owner, connection);

    public bool IsRedis { get; private init; }

    public override Task<TimeSpan> ServerCpuAsync() => Task.FromResult(_process.Cpu);

    /// <summary>Ours.</summary>
    public static async Task<RespPeer> StartGrainsAsync(DataFolder data)
    {
        int port = ChildProcess.FreePort();
        (ServerProcess server, _) = await ServerProcess.StartGrainsAsync(data.New(), ["--resp", $"127.0.0.1:{port}"]);
        return new RespPeer("Grains, RESP", server.Process, server, await ConnectAsync(port));
    }

    /// <summary>Redis as it comes, but for the log of writes, which is on disk before each answer.</summary>
    public static async Task<RespPeer> StartRedisAsync(DataFolder data)
    {
        int port = ChildProcess.FreePort();
        var process = ChildProcess.Of(
            "redis-server",
            [
                "--port", $"{port}", "--bind", "127.0.0.1", "--dir", data.New(), "--save", "",
                "--appendonly", "yes", "--appendfsync", "always",
            ]);
        try
        {
            return new RespPeer("Redis, AOF always", process, process, await ConnectAsync(port)) { IsRedis = true };
        }
        catch
        {
            process.Dispose();
            throw;
        }
    }

    public override async Task<string> DescribeAsync()
    {
        IServer server = _connection.GetServers()[0];
        string? fsync = (await server.ConfigGetAsync("appendfsync")).FirstOrDefault().Value;
        return $"{server.ServerType} {server.Version}, appendfsync {fsync ?? "not told"}";
    }

    public override async Task FillAsync()
    {
        IDatabase database = _connection.GetDatabase();
        foreach (RedisKey[] some in _keys.Chunk(1_000))
        {
            await Task.WhenAll(some.Select(k => database.StringSetAsync(k, _value)));
        }
    }

    public override Task<Work>? OpenAsync(PeerWork work, int callers)
    {
        IDatabase database = _connection.GetDatabase();
        return work switch
        {
            PeerWork.Put => Task.FromResult(new Work(async _ => await database.StringSetAsync(AnyKey(), _value))),
            PeerWork.Get => Task.FromResult(new Work(async _ => Found(await database.StringGetAsync(AnyKey())))),
            _ => null,
        };
    }

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _owner?.Dispose();
    }

    private static RedisKey AnyKey() => _keys[Random.Shared.Next(_keys.Length)];

    private static void Found(RedisValue value)
    {
        if (value.Length() != BenchmarkKeys.ValueBytes)
        {
            throw new IOException($"A get found {value.Length()} bytes.");
        }
    }

    private static Task<ConnectionMultiplexer> ConnectAsync(int port) => ConnectionMultiplexer.ConnectAsync(
        new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } }, AbortOnConnectFail = true, ConnectRetry = 20, AsyncTimeout = 60_000,
            AllowAdmin = true,
        });
}
