using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Http;

/// <summary>The server process over loopback, beside an empty endpoint under the same load.</summary>
internal static class HttpBenchmark
{
    private const int _runs = 3;
    private const double _putAim = 2;
    private const double _getAim = 1.4;
    private static readonly int[] _connections = [1, 64, 256];

    private static readonly (string Name, int Requests, Func<HttpConnection, int, ValueTask> Step, double? Aim)[] _kinds =
    [
        ("put 256 B", 1, HttpSteps.PutAsync, _putAim),
        ("get 256 B", 1, HttpSteps.GetAsync, _getAim),
        ("send, receive, commit", 3, HttpSteps.CycleAsync, null),
    ];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        (ServerProcess grains, _) = await ServerProcess.StartGrainsAsync(data.New());
        using ServerProcess server = grains;
        using ServerProcess empty = await ServerProcess.StartEmptyAsync();
        foreach (string line in server.Process.Lines.Where(l => l.Contains("durability", StringComparison.Ordinal)))
        {
            Console.WriteLine(line);
        }

        Console.WriteLine(
            "  client      bare sockets in this process, HTTP/1.1 kept alive, no pipelining, one request each "
            + "outstanding");
        await HttpSteps.PrepareAsync(server.Port);
        await HttpSteps.FillAsync(server.Port);
        foreach ((_, _, Func<HttpConnection, int, ValueTask> step, double? aim) in _kinds)
        {
            await HttpLoad.RunAsync(server, 64, options.Length, step);
            if (aim is not null)
            {
                await HttpLoad.RunAsync(empty, 64, options.Length, step);
            }
        }

        var table = new Table(
            "operation", "connections", "operations/s", "p50 ms", "p99 ms", "server CPU s", "client CPU s",
            "server µs/request", "empty/s", "empty µs/request", "ratio", "aim");
        foreach (int connections in _connections)
        {
            foreach ((string name, int requests, Func<HttpConnection, int, ValueTask> step, double? aim) in _kinds)
            {
                (HttpLoad load, HttpLoad? beside) = await MedianAsync(
                    server, aim is null ? null : empty, connections, options.Length, step);
                double each = load.ServerMicrosecondsEach / requests;
                table.Add(
                    name, $"{connections}", Figures.Rate(load.Loop.PerSecond), Figures.Ms(load.Loop.Latencies.Ms(0.5)),
                    Figures.Ms(load.Loop.Latencies.Ms(0.99)), Figures.Ratio(load.ServerCpu.TotalSeconds),
                    Figures.Ratio(load.Loop.Cpu.TotalSeconds), Figures.Ms(each),
                    beside is null ? "" : Figures.Rate(beside.Loop.PerSecond),
                    beside is null ? "" : Figures.Ms(beside.ServerMicrosecondsEach),
                    beside is null ? "" : Figures.Ratio(each / beside.ServerMicrosecondsEach),
                    aim is null ? "" : $"≤ {Figures.Ratio(aim.Value)}");
            }
        }

        table.Print();
        Console.WriteLine(
            "  ratio: server CPU of a request against that of the empty endpoint; medians by CPU per request");
    }

    /// <summary>The two servers take turns, so that what else the machine does falls on both.</summary>
    private static async Task<(HttpLoad Load, HttpLoad? Beside)> MedianAsync(
        ServerProcess server, ServerProcess? empty, int connections, TimeSpan length, Func<HttpConnection, int,
        ValueTask> step)
    {
        List<HttpLoad> loads = [];
        List<HttpLoad> besides = [];
        for (int run = 0; run < _runs; run++)
        {
            loads.Add(await HttpLoad.RunAsync(server, connections, length, step));
            if (empty is not null)
            {
                besides.Add(await HttpLoad.RunAsync(empty, connections, length, step));
            }
        }

        return (loads.Median(l => l.ServerMicrosecondsEach),
            besides.Count == 0 ? null : besides.Median(l => l.ServerMicrosecondsEach));
    }
}
