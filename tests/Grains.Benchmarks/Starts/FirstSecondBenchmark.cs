using Grains.Benchmarks.Http;
using Grains.Benchmarks.Peers;
using Grains.Benchmarks.Postgres;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Starts;

/// <summary>
/// Puts from the moment on at which a server says that it is ready: what its first second comes to against the later
/// ones, over HTTP and over RESP, as it was built and compiled ahead.
/// </summary>
internal static class FirstSecondBenchmark
{
    private const int _callers = 64;
    private const int _keys = 100_000;
    private const int _rounds = 3;
    private const double _aim = 0.7;

    /// <summary>What the later rate is taken from: the seconds behind this one.</summary>
    private const int _laterFrom = 3;

    private static readonly TimeSpan _lengthMin = TimeSpan.FromSeconds(_laterFrom + 2);

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        TimeSpan length = options.Length > _lengthMin ? options.Length : _lengthMin;
        List<(string Name, string Dll)> servers = [("as built", Programs.Server)];
        if (await CompiledServer.MakeAsync(data) is { } compiled)
        {
            servers.Add(("compiled ahead", compiled));
        }

        Console.WriteLine($"""
              each start  on an empty folder; {_callers} outstanding from ready on, for {length.TotalSeconds:0} s; later: after {_laterFrom} s
              client      in this process, warmed up by a first start that is not counted; HTTP by bare sockets, RESP by StackExchange.Redis
            """);
        Dictionary<(string Server, bool IsResp), List<Start>> starts = [];
        for (int round = 0; round <= _rounds; round++)
        {
            foreach ((string name, string dll) in servers)
            {
                foreach (bool isResp in (bool[])[false, true])
                {
                    Start start = await StartAsync(dll, isResp, length, data);
                    if (round > 0)
                    {
                        (starts.TryGetValue((name, isResp), out List<Start>? known)
                            ? known
                            : starts[(name, isResp)] = []).Add(start);
                    }
                }
            }
        }

        Print(starts);
    }

    private static void Print(Dictionary<(string Server, bool IsResp), List<Start>> starts)
    {
        var table = new Table(
            "puts of 256 B", "ready ms", "CPU s to ready", "first 0.1 s", "first second", "later, a second", "share",
            "aim");
        foreach (((string name, bool isResp), List<Start> of) in starts)
        {
            Start middle = of.Median(s => s.Share);
            table.Add(
                $"{name}, {(isResp ? "RESP" : "HTTP")}", Figures.Ms(of.Median(s => s.ReadyMs).ReadyMs),
                Figures.Ratio(of.Median(s => s.CpuSeconds).CpuSeconds), Figures.Rate(middle.FirstTenth),
                Figures.Rate(middle.FirstSecond), Figures.Rate(middle.Later), Figures.Ratio(middle.Share),
                $"≥ {Figures.Ratio(_aim)}");
        }

        table.Print();
        Console.WriteLine($"  medians of {_rounds} starts in turns, rates by the share");
    }

    private static async Task<Start> StartAsync(string dll, bool isResp, TimeSpan length, DataFolder data)
    {
        int resp = ChildProcess.FreePort();
        (ServerProcess process, TimeSpan ready) = await ServerProcess.StartGrainsAsync(
            dll, data.New(), ["--resp", $"127.0.0.1:{resp}"]);
        using ServerProcess server = process;
        double cpu = server.Process.Cpu.TotalSeconds;
        await using Work work = isResp ? await RespPeer.PutsAsync(resp, _keys) : await HttpAsync(server.Port);
        var tenths = new RatesByTenth(length);
        await tenths.RunAsync(_callers, work.Step);
        return new Start(
            ready.TotalMilliseconds, cpu, tenths.Rate(0, 1), tenths.Rate(0, 10),
            tenths.Rate(_laterFrom * 10, tenths.Count));
    }

    private static async Task<Work> HttpAsync(int port)
    {
        await HttpSteps.PrepareAsync(port);
        KeySteps keys = new(_keys, _callers);
        var open = new HttpConnection[_callers];
        for (int i = 0; i < _callers; i++)
        {
            open[i] = await HttpConnection.OpenAsync(port);
        }

        return ThreeServers.Over(open, caller => keys.PutAsync(open[caller], caller));
    }

    /// <summary>What one start came to.</summary>
    private sealed record Start(double ReadyMs, double CpuSeconds, double FirstTenth, double FirstSecond, double Later)
    {
        public double Share => FirstSecond / Later;
    }
}
