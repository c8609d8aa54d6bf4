using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

/// <summary>What the map promises by number, a test shows: <c>dotnet test --filter Rule=3</c>.</summary>
public partial class RuleTests
{
    [Fact]
    public void Each_rule_of_the_map_is_shown_by_a_test_and_no_test_shows_another()
    {
        string rules = Repository.Read("src/README.md").Split("\n## The rules\n")[1].Split("\n## ")[0];
        HashSet<string> named =
        [
            .. from file in Repository.CSharp
               where file.StartsWith("tests/", StringComparison.Ordinal)
               from Match match in Trait().Matches(Repository.Read(file))
               select match.Groups[1].Value,
        ];
        string[] promised = [.. Rule().Matches(rules).Select(m => m.Groups[1].Value)];
        Assert.NotEmpty(promised);
        Assert.Equal(promised.Order(), named.Order());
    }

    [GeneratedRegex(@"^(\d+)\. \*\*", RegexOptions.Multiline)]
    private static partial Regex Rule();

    [GeneratedRegex(@"^ *\[Trait\(""Rule"", ""(\d+)""\)\]", RegexOptions.Multiline)]
    private static partial Regex Trait();
}
