using System.Globalization;

namespace Grains.Samples.WordCount;

/// <summary>What the command line asks for.</summary>
internal sealed record Options
{
    public const string Usage = """
        Counts the words of a text with a service of durable nodes, kills the server and the worker meanwhile,
        and compares the counts with those of tr, sort and uniq.

          dotnet run --project src/Grains.Samples.WordCount \
              [-- [FILE] [--kills N] [--stops N] [--seed N] [--url URL]...]

          FILE       the text; by default the GPL-3 where Debian keeps it, else a text of our own
          --kills N  how often the server is killed, and as often the worker (0 to 100, default 3)
          --stops N  how often it says so and waits for Enter, spread over the work, so that you can break
                     something yourself (0 to 100, default 0)
          --seed N   at which messages these come; printed by every run
          --url URL  uses a running server, which is not killed; once for each server of a cluster
        """;

    private const string _gpl = "/usr/share/common-licenses/GPL-3";
    private const int _timesMax = 100;

    public required string File { get; init; }

    public int Kills { get; init; } = 3;

    public int Stops { get; init; }

    public int Seed { get; init; }

    /// <summary>All of one cluster; none = a server of our own.</summary>
    public IReadOnlyList<Uri> Servers { get; init; } = [];

    /// <summary>This is the child process that does the work.</summary>
    public bool IsWorker { get; init; }

    public bool Help { get; init; }

    public static Options Parse(string[] arguments)
    {
        var options = new Options { File = "", Seed = Random.Shared.Next(1, 1_000_000) };
        for (int i = 0; i < arguments.Length; i++)
        {
            string name = arguments[i];
            options = name switch
            {
                "--help" or "-h" => options with { Help = true },
                "--kills" => options with { Kills = Number(name, Value(), 0, _timesMax) },
                "--stops" => options with { Stops = Number(name, Value(), 0, _timesMax) },
                "--seed" => options with { Seed = Number(name, Value(), 0, int.MaxValue) },
                "--url" => options with { Servers = [.. options.Servers, Address(name, Value())] },
                "--worker" => options with { IsWorker = true },
                ['-', ..] => throw new OptionsException($"There is no option {name}."),
                _ when options.File.Length > 0 => throw new OptionsException(
                    $"One file at a time: {options.File}, or {name}?"),
                _ => options with { File = Existing(name) },
            };

            string Value() =>
                ++i < arguments.Length ? arguments[i] : throw new OptionsException($"{name} needs a value.");
        }

        return options.File.Length > 0 ? options : options with { File = DefaultFile() };
    }

    private static string DefaultFile() =>
        System.IO.File.Exists(_gpl) ? _gpl : Path.Combine(AppContext.BaseDirectory, "sample.txt");

    private static string Existing(string file) =>
        System.IO.File.Exists(file) ? file : throw new OptionsException($"There is no file {file}.");

    private static int Number(string name, string text, int low, int high) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value >= low
            && value <= high
            ? value
            : throw new OptionsException($"{name} is a number from {low} to {high}, not {text}.");

    private static Uri Address(string name, string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out Uri? url) && url.Scheme is "http" or "https"
            ? url
            : throw new OptionsException($"{name} is an address like http://127.0.0.1:8080, not {text}.");
}
