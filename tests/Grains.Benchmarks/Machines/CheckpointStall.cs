using System.Diagnostics;
using Grains.Benchmarks.Loads;
using Grains.Benchmarks.Report;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Slots;

namespace Grains.Benchmarks.Machines;

/// <summary>
/// How long a checkpoint of a large partition keeps a loop from its work: never more than 5 ms, is the rule.
/// </summary>
internal static class CheckpointStall
{
    private const long _partitionBytes = 64 << 20;
    private const int _rounds = 5;
    private const int _batch = 64;
    private static readonly TimeSpan _controlLength = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan _warmUp = TimeSpan.FromMilliseconds(300);

    public static void Run()
    {
        var keys = new BenchmarkKeys(200_000, SlotMap.Even(1));
        var owner = new MachineOwner();
        for (int next = 0; owner.Machine.Statistics.Bytes < _partitionBytes && next < keys.Count; next += 1000)
        {
            owner.Do([.. Enumerable.Range(next, Math.Min(1000, keys.Count - next)).Select(keys.Put)]);
        }

        int held = owner.Machine.Statistics.Keys;
        var random = new Random(1);
        void Put() => owner.Do([.. Enumerable.Range(0, _batch).Select(_ => keys.Put(random.Next(held)))]);
        Run(owner, _warmUp, Put, Task.CompletedTask);
        Longest control = Run(owner, _controlLength, Put, Task.CompletedTask);

        List<double> captures = [];
        List<Longest> batches = [];
        List<double> writings = [];
        for (int round = 0; round < _rounds; round++)
        {
            long begun = Stopwatch.GetTimestamp();
            StateSnapshot snapshot = owner.Machine.Capture();
            captures.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
            begun = Stopwatch.GetTimestamp();
            var written = Task.Run(() => snapshot.Chunks().Sum(c => (long)c.Length));
            batches.Add(Run(owner, TimeSpan.Zero, Put, written));
            writings.Add(Stopwatch.GetElapsedTime(begun).TotalMilliseconds);
        }

        Console.WriteLine($"""
              checkpoint of a partition of {Figures.MiB(owner.Machine.Statistics.Bytes)} MiB, {_rounds} rounds, puts in batches of {_batch} beside it (rule: never over 5 ms)
                capture              longest {Figures.Ms(captures.Max())} ms, median {Figures.Ms(captures.Median(c => c))} ms
                put batch beside it  {batches.MaxBy(b => b.Ms)}
                put batch alone      {control}
                encoding             {Figures.Ms(writings.Median(w => w))} ms on the other thread
            """);
    }

    /// <summary>Goes on until both the time and the other work are over.</summary>
    private static Longest Run(MachineOwner owner, TimeSpan length, Action put, Task other)
    {
        owner.ResetTimes();
        TimeSpan paused = GC.GetTotalPauseDuration();
        int collections = GC.CollectionCount(0);
        for (long begun = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begun) < length || !other.IsCompleted;)
        {
            put();
        }

        return new Longest(
            owner.LongestTicks * 1e3 / Stopwatch.Frequency, owner.LongestCpuNs / 1e6,
            (GC.GetTotalPauseDuration() - paused).TotalMilliseconds, GC.CollectionCount(0) - collections);
    }

    private readonly record struct Longest(double Ms, double CpuMs, double PausedMs, int Collections)
    {
        public override string ToString() =>
            $"longest {Figures.Ms(Ms)} ms; {Figures.Ms(CpuMs)} ms of the thread's own processor time; "
            + $"{Collections} collections paused it for {Figures.Ms(PausedMs)} ms together";
    }
}
