using System.Diagnostics;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class WordCountTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Words_counted_while_server_and_worker_are_killed_equal_those_of_sort_and_uniq()
    {
        int seed = Seed.Next();
        string text = Path.Combine(Path.GetDirectoryName(Programs.WordCount)!, "sample.txt");
        (int exitCode, string said) = await RunAsync(text, "--kills", "2", "--seed", $"{seed}");
        output.WriteLine($"figures: {said.TrimEnd().Split('\n')[^1]}");
        Assert.True(exitCode == 0, $"{Seed.Repeat(seed, nameof(WordCountTests))}\n{said}");
        Assert.Contains("0 differences", said, StringComparison.Ordinal);
        Assert.Contains("server killed 2 times, worker 2 times", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task On_a_running_server_only_the_worker_is_killed_and_counts_of_an_earlier_run_are_not_mixed_in()
    {
        using var folder = new TempFolder();
        await using var server = new ServerProcess(ServerSettings.Embedded(folder.File("data"), folder.File("server.log")));
        await server.StartAsync();
        string text = Path.Combine(Path.GetDirectoryName(Programs.WordCount)!, "sample.txt");
        string[] arguments = [text, "--kills", "1", "--url", server.Url.ToString()];
        (int exitCode, string said) = await RunAsync(arguments);
        Assert.True(exitCode == 0, said);
        Assert.Contains("server killed 0 times, worker 1 times", said, StringComparison.Ordinal);

        (exitCode, said) = await RunAsync(arguments);
        Assert.Equal(1, exitCode);
        Assert.Contains("The server already has", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("There is no file", "/no/such/file")]
    [InlineData("--kills is a number from 0 to 100", "--kills", "many")]
    [InlineData("--kills needs a value", "--kills")]
    [InlineData("There is no option --kill", "--kill", "3")]
    [InlineData("--url is an address", "--url", "localhost")]
    public async Task A_command_line_that_cannot_be_followed_is_refused_and_says_why(string why, params string[] arguments)
    {
        (int exitCode, string said) = await RunAsync(arguments);
        Assert.Equal(2, exitCode);
        Assert.Contains(why, said, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Said)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.WordCount, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GRAINS_SERVER_DLL"] = File.Exists(Programs.Server) ? Programs.Server : "";
        using Process process = Process.Start(start)!;
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return (-1, $"not done after {_deadline.TotalSeconds} s\n{await output}{await error}");
        }

        return (process.ExitCode, await output + await error);
    }
}
