using System.Globalization;

namespace Grains.Faults.Tests.Nemesis;

/// <summary>Times without a success, of many partitions over many faults.</summary>
internal sealed class Pauses
{
    private readonly List<TimeSpan> _pauses = [];

    public int Count => _pauses.Count;

    public TimeSpan Median => Percentile(50);

    public TimeSpan P99 => Percentile(99);

    public TimeSpan Worst => Percentile(100);

    public void Add(TimeSpan pause) => _pauses.Add(pause);

    /// <summary>Nearest rank; zero if nothing was measured.</summary>
    private TimeSpan Percentile(int percent)
    {
        _pauses.Sort();
        return _pauses.Count == 0
            ? TimeSpan.Zero
            : _pauses[Math.Max(0, (int)Math.Ceiling(_pauses.Count * percent / 100.0) - 1)];
    }

    public override string ToString() => $"median {Text(Median)} p99 {Text(P99)} worst {Text(Worst)} of {Count}";

    private static string Text(TimeSpan time) =>
        $"{time.TotalSeconds.ToString("0.00", CultureInfo.InvariantCulture)} s";
}
