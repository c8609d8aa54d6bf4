using System.Globalization;
using System.Text.RegularExpressions;

namespace Grains.Benchmarks.Restarts;

/// <summary>The recoveries of a server, read from what it logged.</summary>
internal sealed partial record RecoveryLines(int Partitions, double AcquireMs, double CheckpointMs, double RecordsMs)
{
    /// <summary>Which category to log at Debug.</summary>
    public static readonly (string Name, string Value) Setting =
        ("GRAINS_LOG", "Grains.Silo.Ownership.PartitionGrain=debug");

    public static RecoveryLines Read(IEnumerable<string> lines)
    {
        double[][] times = [.. lines.Select(l => Owned().Match(l)).Where(m => m.Success)
            .Select(m => (double[])[Number(m, 1), Number(m, 2), Number(m, 3)])];
        return new RecoveryLines(times.Length, times.Sum(t => t[0]), times.Sum(t => t[1]), times.Sum(t => t[2]));
    }

    private static double Number(Match match, int group) =>
        double.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"acquired in (\d+) ms, checkpoint read in (\d+) ms, records replayed in (\d+) ms")]
    private static partial Regex Owned();
}
