using System.Globalization;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Segments;

/// <summary>The names in a data folder that are the journal's.</summary>
internal static class SegmentNames
{
    /// <summary>The folder of the journal, in that of the data.</summary>
    public const string Folder = "journal";

    /// <summary>The same on its way in: whole only under its right name.</summary>
    public const string DraftFolder = Folder + ".new";

    /// <summary>An empty one that gave way to it.</summary>
    public const string FormerFolder = Folder + ".old";

    /// <summary>The next segment, of zeros or of rows that nobody needs.</summary>
    public const string Spare = "spare.log";

    /// <summary>Ends the name of what is not whole yet.</summary>
    public const string Draft = ".new";

    private const string _segment = "segment-";
    private const string _log = ".log";
    private const string _checkpoint = "checkpoint-";

    public static string Segment(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"{_segment}{number:D12}{_log}");

    public static string Checkpoint(uint partition, long id) =>
        string.Create(CultureInfo.InvariantCulture, $"{_checkpoint}{partition}-{id:D12}");

    /// <returns>Null: it is no segment.</returns>
    public static long? NumberOf(string name) =>
        name.StartsWith(_segment, StringComparison.Ordinal) && name.EndsWith(_log, StringComparison.Ordinal)
        && WholeNumber.TryParseDigits(name.AsSpan(_segment.Length..^_log.Length), out long number)
            ? number
            : null;

    public static bool IsCheckpoint(string name) => name.StartsWith(_checkpoint, StringComparison.Ordinal);
}
