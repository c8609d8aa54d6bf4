using dotnet_etcd;
using Etcdserverpb;
using Google.Protobuf;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;
using Grpc.Core;

namespace Grains.Benchmarks.Peers;

/// <summary>One etcd, as it comes, by dotnet-etcd: all callers share one gRPC channel.</summary>
internal sealed class EtcdPeer : Peer
{
    private const int _fillersMax = 256;
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(30);
    private static readonly ByteString _value = ByteString.CopyFrom(new byte[BenchmarkKeys.ValueBytes]);
    private readonly ChildProcess _process;
    private readonly EtcdClient _client;
    private readonly int _keys;

    private EtcdPeer(ChildProcess process, EtcdClient client, int keys)
        : base("etcd") => (_process, _client, _keys) = (process, client, keys);

    public static async Task<EtcdPeer> StartAsync(DataFolder data, int keys)
    {
        string at = $"http://127.0.0.1:{ChildProcess.FreePort()}";
        string peers = $"http://127.0.0.1:{ChildProcess.FreePort()}";
        var process = ChildProcess.Of(
            "etcd",
            [
                "--name", "bench", "--data-dir", data.New(), "--listen-client-urls", at,
                "--advertise-client-urls", at, "--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers,
                "--initial-cluster", $"bench={peers}", "--quota-backend-bytes", $"{8L << 30}",
            ]);
        var peer = new EtcdPeer(
            process, new EtcdClient(at, configureChannelOptions: o => o.Credentials = ChannelCredentials.Insecure), keys);
        try
        {
            await peer.ReadyAsync();
            return peer;
        }
        catch
        {
            await peer.DisposeAsync();
            throw;
        }
    }

    public override TimeSpan? ServerCpu => _process.Cpu;

    public override async Task<string> DescribeAsync()
    {
        StatusResponse status = await _client.StatusAsync(new StatusRequest());
        return $"etcd {status.Version}, one member, fdatasync of its log before each answer; gets are linearizable";
    }

    public override Task FillAsync()
    {
        int next = -1;
        return Task.WhenAll(Enumerable.Range(0, _fillersMax).Select(async _ =>
        {
            for (int key = Interlocked.Increment(ref next); key < _keys; key = Interlocked.Increment(ref next))
            {
                await PutAsync(key);
            }
        }));
    }

    public override Task<Work>? OpenAsync(PeerWork work, int callers) => work switch
    {
        PeerWork.Put => Task.FromResult(new Work(async _ => await PutAsync(Random.Shared.Next(_keys)))),
        PeerWork.Get => Task.FromResult(new Work(async _ => await GetAsync(Random.Shared.Next(_keys)))),
        _ => null,
    };

    public override ValueTask DisposeAsync()
    {
        _client.Dispose();
        _process.Dispose();
        return ValueTask.CompletedTask;
    }

    private static ByteString KeyOf(int key) => ByteString.CopyFromUtf8($"key-{key:d6}");

    private Task PutAsync(int key) => _client.PutAsync(new PutRequest { Key = KeyOf(key), Value = _value });

    private async Task GetAsync(int key)
    {
        RangeResponse found = await _client.GetAsync(new RangeRequest { Key = KeyOf(key) });
        if (found.Kvs is not [{ Value.Length: BenchmarkKeys.ValueBytes }])
        {
            throw new IOException($"A get found {found.Kvs.Count} entries.");
        }
    }

    private async Task ReadyAsync()
    {
        using var deadline = new CancellationTokenSource(_readyDeadline);
        while (true)
        {
            try
            {
                await _client.StatusAsync(new StatusRequest(), null, null, deadline.Token);
                return;
            }
            catch (RpcException e) when (e.StatusCode == StatusCode.Unavailable && !_process.HasExited)
            {
                await Task.Delay(50, deadline.Token);
            }
            catch (RpcException) when (_process.HasExited)
            {
                throw new InvalidOperationException(
                    $"etcd ended:\n{string.Join('\n', _process.Lines.TakeLast(10))}");
            }
        }
    }
}
