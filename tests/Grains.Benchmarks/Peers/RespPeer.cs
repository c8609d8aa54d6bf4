using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;
using StackExchange.Redis;

namespace Grains.Benchmarks.Peers;

/// <summary>A server that speaks RESP, by StackExchange.Redis: all callers share one multiplexed connection.</summary>
internal sealed class RespPeer : Peer
{
    private static readonly byte[] _value = new byte[BenchmarkKeys.ValueBytes];
    private readonly ChildProcess _process;
    private readonly IDisposable? _owner;
    private readonly ConnectionMultiplexer _connection;
    private readonly int _keys;

    private RespPeer(
        string name, ChildProcess process, IDisposable? owner, ConnectionMultiplexer connection, int keys)
        : base(name) => (_process, _owner, _connection, _keys) = (process, owner, connection, keys);

    public bool IsRedis { get; private init; }

    public override TimeSpan? ServerCpu => _process.Cpu;

    /// <summary>Ours.</summary>
    public static async Task<RespPeer> StartGrainsAsync(DataFolder data, int keys)
    {
        int port = ChildProcess.FreePort();
        (ServerProcess server, _) = await ServerProcess.StartGrainsAsync(data.New(), ["--resp", $"127.0.0.1:{port}"]);
        return new RespPeer("Grains, RESP", server.Process, server, await ConnectAsync(port), keys);
    }

    /// <summary>Redis as it comes, but for the log of writes, which is on disk before each answer.</summary>
    public static async Task<RespPeer> StartRedisAsync(DataFolder data, int keys)
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
            return new RespPeer("Redis, AOF always", process, process, await ConnectAsync(port), keys) { IsRedis = true };
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

    public override Task FillAsync() => FillAsync(_connection.GetDatabase(), _keys);

    /// <summary>Every key once.</summary>
    public static async Task FillAsync(IDatabase database, int keys)
    {
        foreach (int[] some in Enumerable.Range(0, keys).Chunk(1_000))
        {
            await Task.WhenAll(some.Select(k => database.StringSetAsync($"key-{k:d6}", _value)));
        }
    }

    public override Task<Work>? OpenAsync(PeerWork work, int callers)
    {
        IDatabase database = _connection.GetDatabase();
        return work switch
        {
            PeerWork.Put => Task.FromResult(new Work(async _ => await database.StringSetAsync(AnyKey(_keys), _value))),
            PeerWork.Get => Task.FromResult(new Work(async _ => Found(await database.StringGetAsync(AnyKey(_keys))))),
            _ => null,
        };
    }

    /// <summary>Puts among so many keys, over a connection of their own.</summary>
    public static async Task<Work> PutsAsync(int port, int keys)
    {
        ConnectionMultiplexer connection = await ConnectAsync(port);
        IDatabase database = connection.GetDatabase();
        return new Work(
            async _ => await database.StringSetAsync(AnyKey(keys), _value), () => connection.DisposeAsync());
    }

    public override async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        _owner?.Dispose();
    }

    public static RedisKey AnyKey(int keys) => $"key-{Random.Shared.Next(keys):d6}";

    public static void Found(RedisValue value)
    {
        if (value.Length() != BenchmarkKeys.ValueBytes)
        {
            throw new IOException($"A get found {value.Length()} bytes.");
        }
    }

    public static Task<ConnectionMultiplexer> ConnectAsync(int port) => ConnectionMultiplexer.ConnectAsync(
        new ConfigurationOptions
        {
            EndPoints = { { "127.0.0.1", port } }, AbortOnConnectFail = true, ConnectRetry = 20, AsyncTimeout = 60_000,
            AllowAdmin = true,
        });
}
