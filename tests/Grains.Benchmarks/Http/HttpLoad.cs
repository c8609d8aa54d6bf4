using Grains.Benchmarks.Loads;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Http;

/// <summary>A closed loop over connections, and the processor time of both ends.</summary>
internal sealed record HttpLoad(LoopResult Loop, TimeSpan ServerCpu)
{
    public double ServerMicrosecondsEach => ServerCpu.TotalMicroseconds / Math.Max(Loop.Latencies.Count, 1);

    public static async Task<HttpLoad> RunAsync(
        ServerProcess server, int connections, TimeSpan length, Func<HttpConnection, int, ValueTask> step)
    {
        List<HttpConnection> open = [];
        try
        {
            for (int i = 0; i < connections; i++)
            {
                open.Add(await HttpConnection.OpenAsync(server.Port));
            }

            await Task.Yield();
            TimeSpan cpu = server.Process.Cpu;
            LoopResult loop = await ClosedLoop.RunAsync(connections, length, caller => step(open[caller], caller));
            return new HttpLoad(loop, server.Process.Cpu - cpu);
        }
        finally
        {
            open.ForEach(c => c.Dispose());
        }
    }
}
