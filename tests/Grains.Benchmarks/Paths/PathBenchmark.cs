using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.Benchmarks.World;
using Grains.Journal.Memory;
using Grains.Journal.Segments;
using Grains.Silo.Partitions;

namespace Grains.Benchmarks.Paths;

/// <summary>Router, loop, machine, journal in one real silo, without HTTP.</summary>
internal static class PathBenchmark
{
    private const int _keys = 100_000;
    private const int _runs = 3;

    /// <summary>Flushes that a put waits for on average: its own, and half of the one before it.</summary>
    private const double _flushesPerPut = 1.5;

    private static readonly int[] _outstanding = [1, 64, 256];

    public static async Task RunAsync(BenchmarkOptions options, DataFolder data)
    {
        var table = new Table(
            "durable puts/s", "outstanding", "segments", "p50 ms", "p99 ms", "µs CPU each", "memory", "µs CPU each",
            "F ms", "n/(1.5 F)", "ratio");
        string folder = data.New();
        await using SiloInProcess durable = await SiloInProcess.StartAsync(
            folder, SegmentJournal.Open(new SegmentJournalOptions { Folder = folder }));
        await using SiloInProcess memory = await SiloInProcess.StartAsync(data.New(), new MemoryJournal());
        Console.WriteLine($"  durability  {durable.Durability}");
        Console.WriteLine($"  beside it   {memory.Durability}");
        var keys = new BenchmarkKeys(_keys, durable.Partitions.Slots);
        foreach (SiloInProcess silo in (SiloInProcess[])[durable, memory])
        {
            await ClosedLoop.RunAsync(256, options.Length, Puts(silo.Partitions, keys));
        }

        foreach (int outstanding in _outstanding)
        {
            // Beside each row: what the disk takes changes with what else the machine does.
            double fsyncMs = FsyncProbe.Measure(data.Root).MedianMs;
            LoopResult onDisk = await MedianAsync(durable, keys, outstanding, options.Length);
            LoopResult inMemory = await MedianAsync(memory, keys, outstanding, options.Length);
            double byDisk = outstanding / (_flushesPerPut * fsyncMs / 1e3);
            table.Add(
                "256 B", $"{outstanding}", Figures.Rate(onDisk.PerSecond), Figures.Ms(onDisk.Latencies.Ms(0.5)),
                Figures.Ms(onDisk.Latencies.Ms(0.99)), CpuOf(onDisk), Figures.Rate(inMemory.PerSecond), CpuOf(inMemory),
                Figures.Ms(fsyncMs), Figures.Rate(byDisk),
                Figures.Ratio(onDisk.PerSecond / Math.Min(inMemory.PerSecond, byDisk)));
        }

        table.Print();
        Console.WriteLine(
            "  ratio: segments against the smaller of memory and n/(1.5 F); CPU includes the callers in this process");
    }

    private static async Task<LoopResult> MedianAsync(
        SiloInProcess silo, BenchmarkKeys keys, int outstanding, TimeSpan length)
    {
        List<LoopResult> runs = [];
        for (int run = 0; run < _runs; run++)
        {
            runs.Add(await ClosedLoop.RunAsync(outstanding, length, Puts(silo.Partitions, keys)));
        }

        return runs.Median(r => r.PerSecond);
    }

    private static Func<int, ValueTask> Puts(IPartitions partitions, BenchmarkKeys keys) =>
        _ => PathSteps.PutAsync(partitions, keys, Random.Shared.Next(keys.Count));

    private static string CpuOf(LoopResult result) =>
        Figures.Rate(result.Cpu.TotalMicroseconds / Math.Max(result.Latencies.Count, 1));
}
