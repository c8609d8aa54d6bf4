using System.Globalization;
using Grains.Benchmarks.Loads;

namespace Grains.Benchmarks;

/// <summary>What to measure, for how long, and on which disk.</summary>
internal sealed record BenchmarkOptions(IReadOnlyList<string> Parts, TimeSpan Length, string DataFolder)
{
    public const string AgainstRows = "postgres";
    public const string Handlers = "handlers";
    public const string Peers = "peers";
    public const string FirstSecond = "first-second";

    private const string _usage = "[--seconds 0.1…600] [--data FOLDER]; peers: [--keys 1…1000000] [--markdown FILE]";
    private static readonly string[] _parts = ["machine", "flush", "journal", "path", "http", "restart"];

    /// <summary>Parts that want a process to themselves.</summary>
    private static readonly string[] _alone = [AgainstRows, Handlers, Peers, FirstSecond];

    public bool IsAlone => Parts is [var part] && _alone.Contains(part);

    /// <summary>Among how many keys peers put and get.</summary>
    public int Keys { get; private init; } = BenchmarkKeys.CountDefault;

    /// <summary>Where the table of peers is written for a README; null = nowhere.</summary>
    public string? Markdown { get; private init; }

    /// <returns>Null if something was not understood; it was then said.</returns>
    public static BenchmarkOptions? Read(string[] args, TextWriter errors)
    {
        BenchmarkOptions read = new([], TimeSpan.FromSeconds(3), System.IO.Path.GetTempPath());
        for (int i = 0; i < args.Length; i++)
        {
            string? value = i + 1 < args.Length ? args[i + 1] : null;
            if (value is not null && read.With(args[i], value) is { } more)
            {
                read = more;
                i++;
                continue;
            }

            read = read with { Parts = [.. read.Parts, args[i]] };
        }

        read = read.Parts.Count == 0 ? read with { Parts = _parts } : read;
        string? stray = read.IsAlone ? null : read.Parts.Except(_parts).FirstOrDefault();
        if (stray is null && (read.Parts is [Peers] || (read.Keys, read.Markdown) is (BenchmarkKeys.CountDefault, null)))
        {
            return read;
        }

        errors.WriteLine(
            $"\"{stray ?? "--keys or --markdown"}\" is not understood here. [{string.Join('|', _parts)}]… or "
            + $"{string.Join(" or ", _alone)} alone; {_usage}");
        return null;
    }

    /// <returns>Null: it is no option, or not a value for it.</returns>
    private BenchmarkOptions? With(string option, string value) => option switch
    {
        "--seconds" when double.TryParse(value, CultureInfo.InvariantCulture, out double seconds)
            && seconds is >= 0.1 and <= 600 => this with { Length = TimeSpan.FromSeconds(seconds) },
        "--keys" when int.TryParse(value, CultureInfo.InvariantCulture, out int keys)
            && keys is >= 1 and <= BenchmarkKeys.CountMax => this with { Keys = keys },
        "--data" => this with { DataFolder = value },
        "--markdown" => this with { Markdown = value },
        _ => null,
    };
}
