using System.Globalization;

namespace Grains.Benchmarks;

/// <summary>What to measure, for how long, and on which disk.</summary>
internal sealed record BenchmarkOptions(IReadOnlyList<string> Parts, TimeSpan Length, string DataFolder)
{
    public const string AgainstRows = "postgres";
    public const string Handlers = "handlers";
    public const string Peers = "peers";

    private static readonly string[] _parts = ["machine", "flush", "journal", "path", "http", "restart"];

    /// <summary>Parts that want a process to themselves.</summary>
    private static readonly string[] _alone = [AgainstRows, Handlers, Peers];

    public bool IsAlone => Parts is [var part] && _alone.Contains(part);

    /// <returns>Null if something was not understood; it was then said.</returns>
    public static BenchmarkOptions? Read(string[] args, TextWriter errors)
    {
        List<string> parts = [];
        double seconds = 3;
        string folder = System.IO.Path.GetTempPath();
        for (int i = 0; i < args.Length; i++)
        {
            bool isLast = i == args.Length - 1;
            if (args[i] == "--seconds" && !isLast
                && double.TryParse(args[++i], CultureInfo.InvariantCulture, out seconds)
                && seconds is > 0 and <= 600)
            {
                continue;
            }

            if (args[i] == "--data" && !isLast)
            {
                folder = args[++i];
                continue;
            }

            parts.Add(args[i]);
        }

        bool isAlone = parts is [var only] && _alone.Contains(only);
        if (!isAlone && parts.Except(_parts).FirstOrDefault() is { } stray)
        {
            errors.WriteLine(
                $"\"{stray}\" is not understood here. [{string.Join('|', _parts)}]… or {string.Join(" or ", _alone)} "
                + "alone; "
                + "[--seconds 0.1…600] [--data FOLDER]");
            return null;
        }

        return new BenchmarkOptions(parts.Count == 0 ? _parts : parts, TimeSpan.FromSeconds(seconds), folder);
    }
}
