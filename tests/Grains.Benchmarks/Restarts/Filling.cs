using System.Diagnostics;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Paths;
using Grains.Journal.Segments;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Benchmarks.Restarts;

/// <summary>Fills a data folder in a process of its own, which then ends as by SIGKILL.</summary>
internal static class Filling
{
    public const int Keys = 1_000_000;
    public const int Messages = 100_000;
    public const string Filled = "filled";

    /// <summary>Begins the line with the bytes that the process has handed to the disk.</summary>
    public const string Written = "written ";
    private const int _nodes = 10_000;
    private const int _callers = 2_048;

    public static async Task FillAndDieAsync(string folder)
    {
        SiloInProcess silo = await SiloInProcess.StartAsync(
            folder, SegmentJournal.Open(new SegmentJournalOptions { Folder = folder }));
        await AllAsync(Keys, async number =>
        {
            Utf8Name key = BenchmarkKeys.Name(number);
            PartitionId partition = silo.Partitions.Slots.PartitionOf(PlacementKey.SlotOfSpreadKey(key.Span));
            await ExecuteAsync(silo.Partitions, partition, BenchmarkKeys.Put(key));
        });
        await AllAsync(Messages, async number =>
        {
            var node = new Utf8Name($"node-{number % _nodes}");
            PartitionId partition = silo.Partitions.Slots.PartitionOf(PlacementKey.SlotOfNode("bench"u8, node.Span));
            await ExecuteAsync(silo.Partitions, partition, BenchmarkMessages.Send(node));
        });
        Console.WriteLine($"{Written}{WrittenBytes()}");
        Console.WriteLine(Filled);
        Console.Out.Flush();
        Process.GetCurrentProcess().Kill();
    }

    /// <summary>Whatever the disk makes of them: pages that were written to files. 0 where nothing counts them.</summary>
    private static long WrittenBytes()
    {
        const string counters = "/proc/self/io";
        const string name = "write_bytes: ";
        return File.Exists(counters)
            && File.ReadAllLines(counters).FirstOrDefault(l => l.StartsWith(name, StringComparison.Ordinal)) is { } line
                ? long.Parse(line[name.Length..])
                : 0;
    }

    private static async Task ExecuteAsync(IPartitions partitions, PartitionId partition, Command command)
    {
        if (await partitions.ExecuteAsync(partition, command, CancellationToken.None) is Refused refused)
        {
            throw new InvalidOperationException($"A command of the filling was refused: {refused}");
        }
    }

    private static Task AllAsync(int count, Func<int, Task> step)
    {
        int next = -1;
        return Task.WhenAll(Enumerable.Range(0, _callers).Select(_ => Task.Run(async () =>
        {
            for (int number = Interlocked.Increment(ref next); number < count; number = Interlocked.Increment(ref next))
            {
                await step(number);
            }
        })));
    }
}
