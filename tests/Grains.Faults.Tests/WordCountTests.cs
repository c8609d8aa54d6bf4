using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class WordCountTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Words_counted_while_server_and_worker_are_killed_equal_those_of_sort_and_uniq()
    {
        int seed = Seed.Next();
        (int exitCode, string said) = await WordCount.RunAsync(WordCount.Sample, "--kills", "2", "--seed", $"{seed}");
        output.WriteLine($"figures: {WordCount.LastLine(said)}");
        Assert.True(exitCode == 0, $"{Seed.Repeat(seed, nameof(WordCountTests))}\n{said}");
        Assert.Contains("0 differences", said, StringComparison.Ordinal);
        Assert.Contains("server killed 2 times, worker 2 times", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_running_server_only_the_worker_is_killed_and_counts_of_an_earlier_run_are_not_mixed_in()
    {
        using var folder = new TempFolder();
        await using var server = new ServerProcess(
            ServerSettings.Embedded(folder.File("data"), folder.File("server.log")));
        await server.StartAsync();
        string[] arguments = [WordCount.Sample, "--kills", "1", "--url", server.Url.ToString()];
        (int exitCode, string said) = await WordCount.RunAsync(arguments);
        Assert.True(exitCode == 0, said);
        Assert.Contains("server killed 0 times, worker 1 times", said, StringComparison.Ordinal);

        (exitCode, said) = await WordCount.RunAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("The server already has", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no file", "/no/such/file")]
    [InlineData("--kills is a number from 0 to 100", "--kills", "many")]
    [InlineData("--kills needs a value", "--kills")]
    [InlineData("There is no option --kill", "--kill", "3")]
    [InlineData("--url is an address", "--url", "localhost")]
    public async Task A_command_line_that_cannot_be_followed_is_refused_and_says_why(
        string why, params string[] arguments)
    {
        (int exitCode, string said) = await WordCount.RunAsync(arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(why, said, StringComparison.Ordinal);
    }
}
