using System.Globalization;
using System.Text.RegularExpressions;

namespace Grains.Tidy.Tests;

/// <summary>One file ends every test of every suite that hangs; no project leaves it out.</summary>
public class HangLimitTests
{
    private static readonly TimeSpan _longest = TimeSpan.FromMinutes(10);

    [Fact]
    public void Every_test_has_a_hang_limit()
    {
        string settings = File.ReadAllText(Path.Combine(Repository.Root, "tests/Grains.runsettings"));
        Match limit = Regex.Match(settings, "TestTimeout=\"([0-9]+)\"");
        Assert.True(limit.Success, "tests/Grains.runsettings has no TestTimeout");
        Assert.Matches("friendlyName=\"blame\" enabled=\"True\"", settings);
        Assert.InRange(
            int.Parse(limit.Groups[1].Value, CultureInfo.InvariantCulture), 1_000, _longest.TotalMilliseconds);
        Assert.Contains(
            "<RunSettingsFilePath>$(MSBuildThisFileDirectory)Grains.runsettings</RunSettingsFilePath>",
            File.ReadAllText(Path.Combine(Repository.Root, "tests/Directory.Build.props")), StringComparison.Ordinal);
        foreach (string project in Directory.GetFiles(
            Path.Combine(Repository.Root, "tests"), "*.csproj", SearchOption.AllDirectories))
        {
            Assert.DoesNotContain("RunSettingsFilePath", File.ReadAllText(project), StringComparison.Ordinal);
            Assert.False(
                File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "Directory.Build.props")),
                $"{project} has a Directory.Build.props of its own, which hides that of tests/.");
        }
    }
}
