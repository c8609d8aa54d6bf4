using System.Globalization;

namespace Grains.Postgres.Testing;

/// <summary>
/// Processor time of a process and of its children, those that have ended included. Linux only: elsewhere zero, for
/// there is nothing that counts the dead.
/// </summary>
internal static class ProcessFamilyTime
{
    /// <summary>What the kernel shows as clock ticks to every program, whatever it counts by itself.</summary>
    private const double _ticksPerSecond = 100;

    // Of /proc/ID/stat, counted from the state, which is the first one after the name in parentheses.
    private const int _userTicks = 11;
    private const int _childrenSystemTicks = 14;

    public static TimeSpan Of(int parent, IEnumerable<int> children)
    {
        TimeSpan sum = OfParent(parent);
        foreach (int child in children)
        {
            sum += OfChild(child);
        }

        return sum;
    }

    /// <summary>Its own, and that of the children that it has waited for.</summary>
    private static TimeSpan OfParent(int parent)
    {
        if (Read($"/proc/{parent}/stat") is not { } stat)
        {
            return TimeSpan.Zero;
        }

        string[] fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        double ticks = fields[_userTicks..(_childrenSystemTicks + 1)]
            .Sum(f => double.Parse(f, CultureInfo.InvariantCulture));
        return TimeSpan.FromSeconds(ticks / _ticksPerSecond);
    }

    /// <summary>
    /// By the scheduler, in nanoseconds: hundreds of connections would add up hundreds of cut-off ticks.
    /// </summary>
    private static TimeSpan OfChild(int child) => Read($"/proc/{child}/schedstat") is { } stat
        ? TimeSpan.FromMicroseconds(double.Parse(stat[..stat.IndexOf(' ')], CultureInfo.InvariantCulture) / 1e3)
        : TimeSpan.Zero;

    /// <summary>Null: it has just ended.</summary>
    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
