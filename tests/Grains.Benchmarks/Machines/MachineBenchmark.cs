using System.Diagnostics;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Benchmarks.Machines;

/// <summary>The rules alone, on one thread, without any journal.</summary>
internal static class MachineBenchmark
{
    private const int _keys = 100_000;
    private static readonly int[] _batches = [1, 64, 1024];

    public static Task RunAsync(BenchmarkOptions options)
    {
        Console.WriteLine("  durability  none: the machine alone, one thread; making the commands is not counted");
        var keys = new BenchmarkKeys(_keys, SlotMap.Even(1));
        var owner = new MachineOwner();
        Fill(owner, keys);
        var table = new Table("commands", "batch", "commands/s", "µs each", "B allocated each", "longest batch ms");
        foreach (int batch in _batches)
        {
            Measure(table, "put 256 B", owner, batch, options.Length, random => keys.Put(random.Next(_keys)));
        }

        foreach (int batch in _batches)
        {
            Measure(table, "get 256 B", owner, batch, options.Length, random => keys.Get(random.Next(_keys)));
        }

        foreach (int batch in _batches)
        {
            MeasureCycles(table, owner, batch, options.Length);
        }

        table.Print();
        CheckpointStall.Run();
        return Task.CompletedTask;
    }

    private static void Fill(MachineOwner owner, BenchmarkKeys keys)
    {
        foreach (int[] some in Enumerable.Range(0, keys.Count).Chunk(1000))
        {
            owner.Do([.. some.Select(keys.Put)]);
        }
    }

    private static void Measure(
        Table table, string what, MachineOwner owner, int batch, TimeSpan length, Func<Random, Command> make)
    {
        var random = new Random(1);
        Command[] commands = new Command[batch];
        Repeat(table, what, owner, batch, length, () =>
        {
            for (int i = 0; i < batch; i++)
            {
                commands[i] = make(random);
            }

            owner.Do(commands);
        });
    }

    /// <summary>
    /// One cycle is three commands: send, receive, commit, each in a batch with those of the other nodes.
    /// </summary>
    private static void MeasureCycles(Table table, MachineOwner owner, int batch, TimeSpan length)
    {
        Utf8Name[] nodes = [.. Enumerable.Range(0, batch).Select(i => new Utf8Name($"node-{i}"))];
        Repeat(table, "send+receive+commit", owner, batch, length, () =>
        {
            owner.Do([.. nodes.Select(BenchmarkMessages.Send)]);
            Answer[] given = owner.Do([.. nodes.Select(BenchmarkMessages.Receive)]);
            owner.Do([.. given.Select(g => new CommitDelivery { Delivery = ((DeliveryGiven)g).Delivery })]);
        });
    }

    private static void Repeat(Table table, string what, MachineOwner owner, int batch, TimeSpan length, Action step)
    {
        For(length / 4, step);
        owner.ResetTimes();
        long count = For(length, step) * batch;
        table.Add(
            what, $"{batch}",
            Figures.Rate(count * (double)Stopwatch.Frequency / owner.Ticks),
            Figures.Ms(owner.Ticks * 1e6 / Stopwatch.Frequency / count),
            Figures.Rate(owner.AllocatedBytes / (double)count),
            Figures.Ms(owner.LongestTicks * 1e3 / Stopwatch.Frequency));
    }

    private static long For(TimeSpan length, Action step)
    {
        long steps = 0;
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < length; steps++)
        {
            step();
        }

        return steps;
    }
}
