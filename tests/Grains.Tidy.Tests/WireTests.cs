using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

/// <summary>
/// What servers of two versions say to each other, pinned. After a change that is meant to change it, set
/// GRAINS_UPDATE_GOLDEN=1, run once, and review the difference: an alias or a number is never given again.
/// </summary>
public partial class WireTests
{
    private const string _baseline = "tests/Grains.Tidy.Tests/wire.txt";

    [Fact]
    public void What_servers_say_to_each_other_is_that_of_the_baseline()
    {
        string[] actual =
        [
            .. Repository.CSharp.Where(f => f.StartsWith("src/", StringComparison.Ordinal))
                .SelectMany(f => Contracts(Repository.Read(f))).Order(StringComparer.Ordinal),
        ];
        if (Environment.GetEnvironmentVariable("GRAINS_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllLines(Path.Combine(Repository.Root, _baseline), actual);
        }

        Assert.Equal(Repository.Read(_baseline).Split('\n', StringSplitOptions.RemoveEmptyEntries), actual);
    }

    [Fact]
    public void An_alias_comes_with_its_type_and_its_numbers()
    {
        const string code =
            """
            [GenerateSerializer, Immutable, Alias("a.b")]
            public sealed record B([property: Id(0)] int One, [property: Id(1)] string? Two) : A;

            [GenerateSerializer, Alias("a.c")]
            internal sealed class C
            {
                [Id(0)] public required byte[] Three { get; init; }

                [Id(1)] private readonly long _four;
            }

            [Alias("a.d")]
            internal interface ID : IGrain
            {
                [Alias("go")]
                Task<int> GoAsync(int far);
            }
            """;
        Assert.Equal(
            ["a.b: B 0 int One, 1 string? Two", "a.c: C 0 byte[] Three, 1 long _four", "a.d: ID go Task<int> "
                + "GoAsync(int far)"],
            Contracts(code));
    }

    [Fact]
    public void No_alias_is_given_twice() =>
        Repository.Expect(
            from contract in Repository.Read(_baseline).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            group contract by contract.Split(':')[0] into same
            where same.Count() > 1
            select string.Join(" and ", same));

    private static IEnumerable<string> Contracts(string source)
    {
        List<Match> types = TypeAlias().Matches(source).ToList();
        foreach ((int i, Match type) in types.Index())
        {
            int end = i + 1 < types.Count ? types[i + 1].Index : source.Length;
            string body = source[(type.Index + type.Length)..end];
            string[] members =
            [
                .. Numbered().Matches(body).Select(m => $"{m.Groups[1].Value} {Plain(m.Groups[2].Value)}"),
                .. MethodAlias().Matches(body).Select(m => $"{m.Groups[1].Value} {Plain(m.Groups[2].Value)}"),
            ];
            yield return $"{type.Groups[1].Value}: {type.Groups[2].Value} {string.Join(", ", members)}".TrimEnd();
        }
    }

    private static string Plain(string declaration) =>
        Spaces().Replace(Modifiers().Replace(declaration, ""), " ").Trim();

    [GeneratedRegex(@"^\[(?:\w[^\]\n]*, )?Alias\(""([^""]+)""\)[^\n]*\n(?:\[[^\n]*\n)*[^\n]*?\b(?:class|record struct|record|struct|interface|enum) (\w+)", RegexOptions.Multiline)]
    private static partial Regex TypeAlias();

    [GeneratedRegex(@"\[(?:property: )?Id\((\d+)\)\]\s*([^{;=]*?[\w>\]?] \w+)\s*(?=[,){;=])")]
    private static partial Regex Numbered();

    [GeneratedRegex(@"^ +\[(?:\w[^\]\n]*, )?Alias\(""([^""]+)""\)[^\n]*\]\s+([^;]+);", RegexOptions.Multiline)]
    private static partial Regex MethodAlias();

    [GeneratedRegex(@"\b(public|private|internal|required|readonly|override|static|init)\b ?")]
    private static partial Regex Modifiers();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
