using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Grains.Samples.WordCount;

/// <summary>What a word is: a longest run of A to Z, in lower case; the same as <c>tr -cs A-Za-z '\n'</c>.</summary>
internal static class Words
{
    /// <summary>A node id has at most 512 bytes, two of which are the braces.</summary>
    public const int LengthMax = 510;

    private static readonly TimeSpan _pipelineDeadline = TimeSpan.FromSeconds(30);

    public static IEnumerable<string> Split(string text)
    {
        int start = -1;
        for (int i = 0; i <= text.Length; i++)
        {
            bool letter = i < text.Length && char.IsAsciiLetter(text[i]);
            if (letter && start < 0)
            {
                start = i;
            }
            else if (!letter && start >= 0)
            {
                yield return text[start..i].ToLowerInvariant();
                start = -1;
            }
        }
    }

    /// <summary>Bytes, not characters, as <c>tr</c> sees them: every byte beyond ASCII separates words.</summary>
    public static IReadOnlyList<string> ReadLines(string file) => File.ReadAllLines(file, Encoding.Latin1);

    public static Dictionary<string, long> Count(IEnumerable<string> lines) =>
        lines.SelectMany(Split).GroupBy(w => w, StringComparer.Ordinal).ToDictionary(w => w.Key, w => w.LongCount());

    /// <summary>The counts of the system's own tools, or null where it has none.</summary>
    public static async Task<Dictionary<string, long>?> CountBySystemAsync(string file)
    {
        const string pipeline = """export LC_ALL=C; tr -cs 'A-Za-z' '\n' <"$1" | tr A-Z a-z | sort | uniq -c""";
        if (!File.Exists("/bin/sh") || !new[] { "tr", "sort", "uniq" }.All(t => File.Exists($"/usr/bin/{t}")))
        {
            return null;
        }

        var start = new ProcessStartInfo("/bin/sh", ["-c", pipeline, "sh", file]) { RedirectStandardOutput = true };
        using Process process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(_pipelineDeadline);
        string output = await process.StandardOutput.ReadToEndAsync(deadline.Token);
        await process.WaitForExitAsync(deadline.Token);

        // A line is "   7 word"; what has no word stands for the separators before the first one.
        return output.Split('\n')
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(line => line.Length == 2)
            .ToDictionary(
                line => line[1], line => long.Parse(line[0], CultureInfo.InvariantCulture), StringComparer.Ordinal);
    }
}
