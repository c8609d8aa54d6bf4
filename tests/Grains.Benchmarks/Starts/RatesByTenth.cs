using System.Diagnostics;
using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks.Starts;

/// <summary>A closed loop whose answers are counted by tenths of a second.</summary>
internal sealed class RatesByTenth(TimeSpan length)
{
    private const int _perSecond = 10;
    private readonly long[] _counts = new long[(int)(length.TotalSeconds * _perSecond)];

    public int Count => _counts.Length;

    public Task RunAsync(int callers, Func<int, ValueTask> step)
    {
        long begun = Stopwatch.GetTimestamp();
        return ClosedLoop.RunAsync(callers, length, async caller =>
        {
            await step(caller);
            int tenth = (int)(Stopwatch.GetElapsedTime(begun).TotalSeconds * _perSecond);
            if (tenth < _counts.Length)
            {
                Interlocked.Increment(ref _counts[tenth]);
            }
        });
    }

    /// <summary>Answers a second in the tenths from one to, not including, another.</summary>
    public double Rate(int from, int to) => _counts[from..to].Sum() / ((to - from) / (double)_perSecond);
}
