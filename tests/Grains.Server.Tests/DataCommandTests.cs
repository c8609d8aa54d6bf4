using Grains.Server.Options;
using Microsoft.Extensions.Configuration;

namespace Grains.Server.Tests;

public sealed class DataCommandTests
{
    [Fact]
    public void Words_before_the_options_say_what_to_do_instead_of_serving()
    {
        Assert.Null(Read(["--data", "d"]).Options!.Command);
        Assert.Equal(new DataCommand.Verify(Path.GetFullPath("f")), Read(["backup", "verify", "f"]).Options!.Command);
        Assert.Equal(
            new DataCommand.Restore(Path.GetFullPath("f"), IsLive: false),
            Read(["restore", "f", "--data", "d"]).Options!.Command);
        Assert.Equal(
            new DataCommand.Migrate(Path.GetFullPath("d")),
            Read(["migrate", "--from", "d", "--postgres", "Host=h;Username=u"]).Options!.Command);
    }

    [Theory]
    [InlineData("backup")]
    [InlineData("backup", "verify")]
    [InlineData("restore")]
    [InlineData("restore", "a", "b")]
    [InlineData("a-secret-without-its-option")]
    public void Words_that_are_no_command_are_refused_with_those_that_are(params string[] words)
    {
        SettingProblem problem = Assert.Single(Read(words).Problems);
        Assert.Contains("restore FILE", problem.Remedy, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", problem.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_migration_needs_a_folder_and_a_database_and_says_so_at_once() =>
        Assert.Equal(
            ["--from", "--postgres"], Read(["migrate"]).Problems.Select(p => p.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void The_folder_of_a_migration_is_refused_where_nothing_is_migrated() =>
        Assert.Equal("--from", Assert.Single(Read(["--from", "d"]).Problems).Key);

    private static (GrainsOptions? Options, IReadOnlyList<SettingProblem> Problems) Read(string[] args)
    {
        GrainsOptions? options = GrainsOptionsReader.Read(
            CommandLine.Read(args), new ConfigurationBuilder().Build(), _ => null,
            out IReadOnlyList<SettingProblem> problems);
        return (options, problems);
    }
}
