using Grains.Benchmarks.Http;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Peers;

/// <summary>A server asked over HTTP by bare sockets, one for each caller.</summary>
internal sealed class HttpPeer : Peer
{
    private readonly ServerProcess _server;
    private readonly int _keys;
    private readonly bool _isEmpty;

    private HttpPeer(string name, ServerProcess server, int keys, bool isEmpty)
        : base(name) => (_server, _keys, _isEmpty) = (server, keys, isEmpty);

    public int Port => _server.Port;

    public bool IsEmpty => _isEmpty;

    /// <summary>Ours.</summary>
    public static async Task<HttpPeer> StartGrainsAsync(DataFolder data, int keys) =>
        new("Grains, HTTP", (await ServerProcess.StartGrainsAsync(data.New())).Server, keys, isEmpty: false);

    /// <summary>The same web server with nothing behind it: what the protocol alone costs.</summary>
    public static async Task<HttpPeer> StartEmptyAsync(int keys) =>
        new("empty HTTP endpoint", await ServerProcess.StartEmptyAsync(), keys, isEmpty: true);

    public override TimeSpan? ServerCpu => _server.Process.Cpu;

    public override Task<string> DescribeAsync() => Task.FromResult(_isEmpty ? "keeps nothing"
        : _server.Process.Lines.FirstOrDefault(l => l.Contains("durability", StringComparison.Ordinal))?.Trim()
            ?? "not told");

    public override async Task FillAsync()
    {
        if (!_isEmpty)
        {
            await HttpSteps.PrepareAsync(_server.Port);
            await KeySteps.FillAsync([_server.Port], _keys);
        }
    }

    public override Task<Work>? OpenAsync(PeerWork work, int callers)
    {
        KeySteps keys = new(_keys, callers);
        return work switch
        {
            PeerWork.Put => ByAsync(keys.PutAsync, callers),
            PeerWork.Get => ByAsync(keys.GetAsync, callers),
            _ => _isEmpty ? null : ByAsync(HttpSteps.CycleAsync, callers),
        };
    }

    public override ValueTask DisposeAsync()
    {
        _server.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task<Work> ByAsync(Func<HttpConnection, int, ValueTask> step, int callers)
    {
        var open = new HttpConnection[callers];
        for (int i = 0; i < callers; i++)
        {
            open[i] = await HttpConnection.OpenAsync(_server.Port);
        }

        return ThreeServers.Over(open, caller => step(open[caller], caller));
    }
}
