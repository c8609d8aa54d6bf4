using Grains.Server.Options;
using static Grains.Server.Tests.SettingsOfTest;

namespace Grains.Server.Tests;

public sealed class GrainsOptionsTests
{
    [Fact]
    public void Without_a_word_data_is_in_the_data_folder_and_loopback_is_listened_on()
    {
        GrainsOptions options = Accepted([]);
        Assert.Equal(Path.GetFullPath("./data"), options.DataFolder);
        Assert.Equal("http://127.0.0.1:7400/", options.Urls.Single().ToString());
        Assert.Null(options.Partitions);
        Assert.False(options.NoSync);
    }

    [Fact]
    public void The_command_line_wins_over_the_environment_and_that_over_the_file()
    {
        Dictionary<string, string?> environment = new() { ["GRAINS_PARTITIONS"] = "2", ["GRAINS_NO_SYNC"] = "true" };
        Dictionary<string, string?> file =
            new() { ["Grains:Partitions"] = "3", ["Grains:NoSync"] = "false", ["Grains:Data"] = "/x" };
        GrainsOptions options = Accepted(["--partitions", "1"], environment, file);
        Assert.Equal(1, options.Partitions);
        Assert.True(options.NoSync);
        Assert.Equal("/x", options.DataFolder);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_with_key_value_rule_and_remedy()
    {
        IReadOnlyList<SettingProblem> problems = Refused(
            ["--bogus", "--partitions=0", "--urls", "ftp://x", "--dashboard", "perhaps", "--keys", "/no/such/file", "--data"]);
        Assert.Equal(
            ["--bogus", "--dashboard", "--data", "--keys", "--partitions", "--urls"],
            problems.Select(p => p.Key).Order(StringComparer.Ordinal));
        Assert.All(problems, p => Assert.NotEmpty(p.Remedy));
    }

    [Theory]
    [InlineData("http://0.0.0.0:7400")]
    [InlineData("http://10.0.0.1:80")]
    [InlineData("http://[::]:7400")]
    [InlineData("http://example.org:80")]
    [InlineData("http://localhost.evil.example:80")]
    public void An_address_that_others_reach_needs_keys_or_a_clear_word(string url)
    {
        Assert.Contains(Refused(["--urls", url]), p => p.Remedy.Contains("--keys", StringComparison.Ordinal));
        Assert.True(Accepted(["--urls", url, "--insecure"]).IsInsecure);
    }

    [Theory]
    [InlineData("http://localhost:80")]
    [InlineData("http://[::1]:80")]
    [InlineData("http://127.0.0.2:80;http://127.0.0.1:81")]
    [InlineData("http://127.8.8.8:80")]
    public void Loopback_needs_no_keys(string urls) => Assert.NotEmpty(Accepted(["--urls", urls]).Urls);

    [Theory]
    [InlineData("http://*:80")]
    [InlineData("http://+:80")]
    [InlineData("http://unix:/run/grains.sock")]
    public void What_another_web_server_takes_for_every_address_is_refused(string url) =>
        Assert.Equal("--urls", Assert.Single(Refused(["--urls", url])).Key);

    [Fact]
    public void Every_address_that_breaks_the_rule_is_named_at_once() =>
        Assert.Equal(
            ["http://0.0.0.0:1", "http://10.0.0.1:3", "nonsense"],
            Refused(["--urls", "http://0.0.0.0:1;http://127.0.0.1:2;nonsense;http://10.0.0.1:3"])
                .Select(p => p.Value).Order(StringComparer.Ordinal));

    [Fact]
    public void An_option_given_twice_is_refused() =>
        Assert.Equal("--data", Assert.Single(Refused(["--data", "a", "--data", "b"])).Key);
}
