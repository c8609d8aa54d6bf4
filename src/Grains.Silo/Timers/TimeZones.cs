using System.Collections.Concurrent;
using System.Collections.Frozen;

namespace Grains.Silo.Timers;

/// <summary>
/// The time zones that schedules may name: UTC, those of the tz database's list of places, and its fixed offsets under
/// Etc. Exactly as written there: an answer must not depend on what this process, or another server, looked up before,
/// and links such as US/Eastern are not installed everywhere.
/// </summary>
internal static class TimeZones
{
    private const string _folderDefault = "/usr/share/zoneinfo";

    /// <summary>Of timers that older versions accepted under other names; the next to be read makes room.</summary>
    private const int _othersMax = 256;

    private static readonly string[] _lists = ["zone1970.tab", "zone.tab"];
    private static readonly string[] _areas =
        ["Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"];

    private static readonly Lazy<FrozenSet<string>> _names = new(Names);
    private static readonly ConcurrentDictionary<string, TimeZoneInfo?> _known = new(StringComparer.Ordinal);
    private static readonly ConcurrentDictionary<string, TimeZoneInfo?> _others = new(StringComparer.Ordinal);

    /// <summary>A new schedule may name it. Nothing is looked up for a name that it may not.</summary>
    public static bool IsCanonical(string name) => _names.Value.Contains(name);

    /// <summary>
    /// The zone of a schedule that was accepted once, by whatever version; null = this server has no rules for it.
    /// </summary>
    public static TimeZoneInfo? Find(string? name)
    {
        if (name is null)
        {
            return TimeZoneInfo.Utc;
        }

        if (IsCanonical(name))
        {
            return _known.GetOrAdd(name, Read);
        }

        if (_others.Count >= _othersMax)
        {
            _others.Clear();
        }

        return _others.GetOrAdd(name, Read);
    }

    private static TimeZoneInfo? Read(string name)
    {
        try
        {
            // The system's own cache is not case-sensitive, its files are: only the name as it stands there counts.
            TimeZoneInfo zone = TimeZoneInfo.FindSystemTimeZoneById(name);
            return zone.Id == name ? zone : null;
        }
        catch (Exception)
        {
            // Whatever the system says to a name (a folder, a file that is none): it has no rules for it.
            return null;
        }
    }

    private static FrozenSet<string> Names()
    {
        List<string> names = ["UTC", "Etc/UTC", "Etc/GMT"];
        names.AddRange(Enumerable.Range(1, 12).Select(h => $"Etc/GMT+{h}"));
        names.AddRange(Enumerable.Range(1, 14).Select(h => $"Etc/GMT-{h}"));
        string folder = Environment.GetEnvironmentVariable("TZDIR") is { Length: > 0 } set ? set : _folderDefault;
        foreach (string path in _lists.Select(l => Path.Combine(folder, l)).Where(File.Exists))
        {
            // Tab-separated: countries, coordinates, name, perhaps a comment.
            names.AddRange(File.ReadLines(path)
                .Where(l => l.Length > 0 && l[0] != '#')
                .Select(l => l.Split('\t'))
                .Where(f => f.Length > 2 && _areas.Contains(f[2].Split('/')[0]))
                .Select(f => f[2]));
        }

        return names.ToFrozenSet(StringComparer.Ordinal);
    }
}
