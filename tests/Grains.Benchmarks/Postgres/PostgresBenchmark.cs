using System.Diagnostics;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.World;

namespace Grains.Benchmarks.Postgres;

/// <summary>The cluster's journal against rows in the same Postgres: puts, and send, receive, commit.</summary>
internal static class PostgresBenchmark
{
    private const int _keys = BenchmarkKeys.CountDefault;
    private const int _rounds = 3;
    private const double _cpuAimPut = 0.25;
    private const double _cpuAimMessage = 0.1;
    private static readonly int[] _callers = [64, 256];
    private static readonly (int Nodes, int Messages, double Aim)[] _deliveries =
    [
        (64, 1, 2), (256, 1, 2), (64, 16, 5)
    ];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        await using var rows = new PlainRows(await BenchmarkDatabase.StartAsync(data), _keys);
        await using GrainPath path = await GrainPath.StartAsync(await BenchmarkDatabase.StartAsync(data), data);
        await using ThreeServers http = await ThreeServers.StartAsync(await BenchmarkDatabase.StartAsync(data));
        Contender[] contenders = [rows, path, http];
        Console.WriteLine($"""
              each        {await rows.Database.DescribeAsync()}
              rows        {_keys:N0} keys; upserts, a queue with FOR UPDATE SKIP LOCKED; prepared, by Npgsql; the fastest way counts
              grain path  one silo in this process, 64 partitions; {path.Durability}
              HTTP        three server processes, 64 partitions, bare sockets spread over them; the same durability
            """);
        foreach (Contender contender in contenders)
        {
            long begun = Stopwatch.GetTimestamp();
            await contender.FillAsync();
            Console.WriteLine($"  {contender.Name} filled in {Stopwatch.GetElapsedTime(begun).TotalSeconds:0.0} s");
        }

        var aims = new Aims();
        var report = new OutcomeReport();
        foreach (int callers in _callers)
        {
            Outcome[] puts = await new Turns(callers, 1, _rounds, options.Length)
                .TakeAsync(contenders, c => c.Puts(callers));
            report.Add($"put, {callers} outstanding", puts);
            aims.AtLeast($"puts, {callers} outstanding, grain path", 3, puts[1].RatioTo(puts[0]).Median);
            aims.AtLeast($"puts, {callers} outstanding, HTTP", 1.5, puts[2].RatioTo(puts[0]).Median);
            aims.AtMost(
                "  Postgres CPU of one, grain path", _cpuAimPut, puts[1].PostgresCpuEach / puts[0].PostgresCpuEach);
            aims.AtMost("  Postgres CPU of one, HTTP", _cpuAimPut, puts[2].PostgresCpuEach / puts[0].PostgresCpuEach);
        }

        foreach ((int nodes, int messages, double aim) in _deliveries)
        {
            Outcome[] cycles = await new Turns(nodes, messages, _rounds, options.Length)
                .TakeAsync(contenders, c => c.Cycles(nodes, messages));
            string what = $"{nodes} nodes, {messages} a delivery";
            report.Add($"message, {what}", cycles);
            aims.AtLeast($"messages, {what}, grain path", aim, cycles[1].RatioTo(cycles[0]).Median);
            aims.AtMost("  Postgres CPU of one", _cpuAimMessage, cycles[1].PostgresCpuEach / cycles[0].PostgresCpuEach);
        }

        report.Print();
        aims.Print();
    }
}
