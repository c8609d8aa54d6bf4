using System.Diagnostics;

namespace Grains.Benchmarks.Loads;

/// <summary>What a closed loop came to.</summary>
internal sealed record LoopResult(double PerSecond, Latencies Latencies, TimeSpan Cpu);

/// <summary>So many callers, each of which waits for its answer before it asks again.</summary>
internal static class ClosedLoop
{
    /// <param name="callers">How many.</param>
    /// <param name="length">Nothing new is asked after it.</param>
    /// <param name="step">One call of one caller, by its number.</param>
    public static async Task<LoopResult> RunAsync(int callers, TimeSpan length, Func<int, ValueTask> step)
    {
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        long begun = Stopwatch.GetTimestamp();
        long end = begun + (long)(length.TotalSeconds * Stopwatch.Frequency);
        Latencies[] all = await Task.WhenAll(
            Enumerable.Range(0, callers).Select(c => Task.Run(() => CallAsync(c, end, step))));
        TimeSpan elapsed = Stopwatch.GetElapsedTime(begun);

        // What was the caller's last continuation may be a thread that polls sockets: it is not to be kept.
        await Task.Yield();
        var sum = new Latencies();
        foreach (Latencies one in all)
        {
            sum.Add(one);
        }

        return new LoopResult(sum.Count / elapsed.TotalSeconds, sum, Environment.CpuUsage.TotalTime - cpu);
    }

    private static async Task<Latencies> CallAsync(int caller, long end, Func<int, ValueTask> step)
    {
        var latencies = new Latencies();
        long start = Stopwatch.GetTimestamp();
        while (start < end)
        {
            await step(caller);
            long now = Stopwatch.GetTimestamp();
            latencies.Record(now - start);
            start = now;
        }

        return latencies;
    }
}
