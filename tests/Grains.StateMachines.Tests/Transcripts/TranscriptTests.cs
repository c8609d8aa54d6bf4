using System.Runtime.CompilerServices;
using System.Text;

namespace Grains.StateMachines.Tests.Transcripts;

/// <summary>
/// The protocols of a partition, to be read: what is asked stands above the line, what comes of it below. After a
/// change that is meant to change them, set GRAINS_UPDATE_GOLDEN=1, run once, and review the difference.
/// </summary>
public class TranscriptTests
{
    private const string _line = "----";

    public static TheoryData<string> Names => [.. Files];

    private static IEnumerable<string> Files =>
        Directory.GetFiles(Folder(), "*.txt").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal);

    [Theory]
    [MemberData(nameof(Names))]
    public void A_protocol_goes_as_its_transcript_says(string name)
    {
        string path = Path.Combine(Folder(), name);
        string expected = File.ReadAllText(path);
        string actual = Play(expected);
        if (Environment.GetEnvironmentVariable("GRAINS_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllText(path, actual);
            return;
        }

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Each_protocol_has_one() =>
        Assert.Equal(
            ["delivery.txt", "outbox.txt", "reply.txt", "retry.txt", "timers.txt"], Files);

    /// <summary>
    /// The same questions, with what comes of them now. A line that begins with # is a remark, and stays.
    /// </summary>
    private static string Play(string transcript)
    {
        var script = new TranscriptScript();
        var played = new StringBuilder();
        foreach (string block in transcript.Split("\n\n", StringSplitOptions.RemoveEmptyEntries))
        {
            string[] asked = [.. block.Trim('\n').Split('\n').TakeWhile(l => l != _line)];
            played.Append(played.Length > 0 ? "\n" : "").AppendJoin('\n', asked).Append('\n');
            string[] commands = [.. asked.Where(l => !l.StartsWith('#'))];
            if (commands.Length > 0)
            {
                played.Append(_line).Append('\n').AppendJoin("", commands.SelectMany(script.Run).Select(l => $"{l}\n"));
            }
        }

        return played.ToString();
    }

    private static string Folder([CallerFilePath] string here = "") =>
        Path.Combine(Path.GetDirectoryName(here)!, "..", "transcripts");
}
