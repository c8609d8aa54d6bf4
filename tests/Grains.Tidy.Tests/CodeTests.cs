using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

public partial class CodeTests
{
    private static readonly string[] _bannedInMachines =
    [
        "DateTime.Now", "DateTime.UtcNow", "DateTimeOffset.Now", "DateTimeOffset.UtcNow", "Stopwatch", "Random.Shared",
        "Guid.NewGuid", "Task", "ValueTask", "Thread", "File", "Directory", "Environment", "ILogger", "Console",
        "async", "await", "TimeProvider.System",
    ];

    /// <summary>What they read was checked before, or comes from Postgres.</summary>
    private static readonly string[] _mayParse =
    [
        "src/Grains.FrontEnd/Paths/PercentDecoding.cs", "src/Grains.Journal.Postgres/Sessions/ServerSettings.cs",
        "src/Grains.StateMachines/Codecs/DecimalNumber.cs",
    ];

    [Fact]
    public void No_type_is_called_by_what_it_is_not() =>
        Repository.Expect(CodeMatches(Repository.CSharp, VagueType()));

    [Fact]
    public void The_state_machines_read_no_clock_draw_nothing_wait_for_nothing_and_touch_no_store() =>
        Repository.Expect(
            from banned in _bannedInMachines
            from match in CodeMatches(
                Repository.CSharp.Where(f => f.StartsWith("src/Grains.StateMachines/", StringComparison.Ordinal)),
                new Regex($@"(?<![\w.]){Regex.Escape(banned)}(?!\w)"))
            select match);

    [Fact]
    public void Nothing_sleeps_where_it_should_wait_for_a_condition() =>
        Repository.Expect(CodeMatches(Repository.CSharp, Sleep()));

    /// <summary>
    /// Of the platform's parsers some take NUL, signs, blanks, <c>NaN</c>: the product has one of its own.
    /// </summary>
    [Fact]
    public void Numbers_and_times_are_read_by_one_strict_parser() =>
        Repository.Expect(CodeMatches(
            Repository.CSharp.Where(f => f.StartsWith("src/", StringComparison.Ordinal)
                && !f.StartsWith("src/Grains.Samples", StringComparison.Ordinal)
                && !_mayParse.Contains(f)),
            LaxParser()));

    [Fact]
    public void What_is_logged_passes_the_one_place_that_makes_a_line_of_it() =>
        Repository.Expect(
            from match in CodeMatches(
                Repository.CSharp.Where(f => f.StartsWith("src/", StringComparison.Ordinal)),
                new Regex(@"\bAdd(?!Grains)(\w*Console|Debug)\("))
            where !match.StartsWith("src/Grains.Server/Logs/LoggingExtensions.cs", StringComparison.Ordinal)
            select match);

    [Fact]
    public void Comments_and_strings_are_not_taken_for_code()
    {
        string[] lines = SourceText.CodeLines(
            """"
            int a = 1; // Thread.Sleep
            /* Thread.Sleep
               again */ string b = "Thread.Sleep \" Thread.Sleep"; char c = '"'; Run();
            string d = @"Thread ""Sleep"""; Go();
            string e = """Thread "Sleep" """; End();
            """");
        Assert.Equal(["int a = 1; ", "", " string b = ; char c = ; Run();", "string d = @; Go();", "string e = ; End();"], lines);
    }

    private static IEnumerable<string> CodeMatches(IEnumerable<string> files, Regex pattern) =>
        from file in files
        from line in SourceText.CodeLines(Repository.Read(file)).Index()
        from Match match in pattern.Matches(line.Item)
        select $"{file}:{line.Index + 1}: {match.Value}";

    [GeneratedRegex(@"\b(class|struct|record|interface|enum)\s+\w*(Helper|Util|Manager|Common)\w*")]
    private static partial Regex VagueType();

    [GeneratedRegex(@"\b(u?int|u?long|u?short|s?byte|double|float|decimal|bool|Int\d+|UInt\d+|DateTime|DateTimeOffset|DateOnly|TimeOnly|"
        + @"TimeSpan|Guid|Utf8Parser|BigInteger)\s*\.\s*(Try)?Parse(Exact)?\b")]
    private static partial Regex LaxParser();

    [GeneratedRegex(@"\bThread\s*\.\s*Sleep\b")]
    private static partial Regex Sleep();
}
