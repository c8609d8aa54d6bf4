using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

public partial class TopLevelTests
{
    private static readonly string[] _allowed =
        ["src", "tests", "infra", "Grains.sln", "global.json", "docker-compose.yml", "README.md", "LICENSE"];

    // Put together from parts, so that this file does not name what it forbids.
    private static readonly Regex _oneMachine = new(
        @"(?<![\w.$}-])/" + "(wo" + "rk|ro" + "ot|ho" + "me|Us" + @"ers|tmp/w" + @"t)/|https?://[^\s""'<>]*"
        + "(nu" + "get|regi" + "stry|np" + "mjs|py" + @"pi|mir" + "ror)");

    [Fact]
    public void The_top_level_holds_only_what_it_may() =>
        Repository.Expect(
            from name in Repository.Files.Select(f => f.Split('/')[0]).Distinct()
            where !_allowed.Contains(name) && name[0] != '.' && !DirectoryProps().IsMatch(name)
            select $"{name} does not belong at the top level");

    [Fact]
    public void No_file_names_a_folder_of_one_machine_or_a_private_registry() =>
        Repository.Expect(
            from file in Repository.Files
            where Repository.IsText(file)
            from line in File.ReadLines(Path.Combine(Repository.Root, file)).Index()
            from Match match in _oneMachine.Matches(line.Item)
            select $"{file}:{line.Index + 1}: {match.Value}");

    [GeneratedRegex(@"^Directory\.\w+\.props$")]
    private static partial Regex DirectoryProps();
}
