using System.Globalization;

namespace Grains.Benchmarks.Report;

/// <summary>How numbers are written.</summary>
internal static class Figures
{
    public static string Rate(double perSecond) => perSecond.ToString("N0", CultureInfo.InvariantCulture);

    public static string Ms(double ms) => ms.ToString(ms < 10 ? "0.000" : "0.0", CultureInfo.InvariantCulture);

    public static string Ratio(double ratio) => ratio.ToString("0.00", CultureInfo.InvariantCulture);

    public static string MiB(double bytes) => (bytes / (1 << 20)).ToString("N1", CultureInfo.InvariantCulture);

    public static T Median<T>(this IEnumerable<T> runs, Func<T, double> by)
    {
        T[] sorted = [.. runs.OrderBy(by)];
        return sorted[sorted.Length / 2];
    }
}
