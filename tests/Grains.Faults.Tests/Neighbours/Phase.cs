using System.Collections.Concurrent;

namespace Grains.Faults.Tests.Neighbours;

/// <summary>How an ordinary load fared for a while.</summary>
internal sealed class Phase
{
    private readonly ConcurrentBag<double> _tookMs = [];
    private int _failed;

    public int Failed => _failed;

    public string? FirstFailure { get; private set; }

    public double SlowestHundredthMs => At(0.99);

    public void Took(TimeSpan time) => _tookMs.Add(time.TotalMilliseconds);

    public void Fail(string why)
    {
        FirstFailure ??= why;
        Interlocked.Increment(ref _failed);
    }

    public override string ToString() =>
        $"{_tookMs.Count} requests, p50 {At(0.5):0.0} ms, p99 {At(0.99):0.0} ms, {_failed} failed";

    private double At(double share)
    {
        double[] sorted = [.. _tookMs.Order()];
        return sorted.Length == 0 ? 0 : sorted[(int)(share * (sorted.Length - 1))];
    }
}
