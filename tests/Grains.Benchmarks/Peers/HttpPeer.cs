using Grains.Benchmarks.Http;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Peers;

/// <summary>Our HTTP, by bare sockets, one for each caller.</summary>
internal sealed class HttpPeer(ServerProcess server) : Peer("Grains, HTTP")
{
    public override Task<TimeSpan> ServerCpuAsync() => Task.FromResult(server.Process.Cpu);

    public static async Task<HttpPeer> StartAsync(DataFolder data) =>
        new((await ServerProcess.StartGrainsAsync(data.New())).Server);

    public override Task<string> DescribeAsync() => Task.FromResult(
        server.Process.Lines.FirstOrDefault(l => l.Contains("durability", StringComparison.Ordinal))?.Trim()
            ?? "not told");

    public override async Task FillAsync()
    {
        await HttpSteps.PrepareAsync(server.Port);
        await HttpSteps.FillAsync(server.Port);
    }

    public override async Task<Work> OpenAsync(PeerWork work, int callers)
    {
        Func<HttpConnection, int, ValueTask> step = work switch
        {
            PeerWork.Put => HttpSteps.PutAsync,
            PeerWork.Get => HttpSteps.GetAsync,
            _ => HttpSteps.CycleAsync,
        };
        List<HttpConnection> open = [];
        for (int i = 0; i < callers; i++)
        {
            open.Add(await HttpConnection.OpenAsync(server.Port));
        }

        return new Work(
            caller => step(open[caller], caller),
            () =>
            {
                open.ForEach(c => c.Dispose());
                return ValueTask.CompletedTask;
            });
    }

    public override ValueTask DisposeAsync()
    {
        server.Dispose();
        return ValueTask.CompletedTask;
    }
}
