using System.Diagnostics;
using System.Text;

namespace Grains.Faults.Tests.World;

/// <summary>The sample that counts words, run as a process of its own.</summary>
internal static class WordCount
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    public static string Sample { get; } = Path.Combine(Path.GetDirectoryName(Programs.WordCount)!, "sample.txt");

    /// <summary>The line with the result.</summary>
    public static string LastLine(string said) => said.TrimEnd().Split('\n')[^1];

    public static Task<(int ExitCode, string Said)> RunAsync(params string[] arguments) =>
        RunAsync(arguments, _deadline);

    /// <param name="arguments">Of its command line.</param>
    /// <param name="within">Else it is killed.</param>
    /// <param name="atStop">What happens each time it says that it stopped, at a point of the work; then it goes
    /// on.</param>
    public static async Task<(int ExitCode, string Said)> RunAsync(
        string[] arguments, TimeSpan within, Func<Task>? atStop = null)
    {
        var start = new ProcessStartInfo("dotnet", [Programs.WordCount, .. arguments])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GRAINS_SERVER_DLL"] = File.Exists(Programs.Server) ? Programs.Server : "";
        using Process process = Process.Start(start)!;
        Task<string> output = FollowAsync(process, atStop);
        Task<string> error = process.StandardError.ReadToEndAsync();
        using var deadline = new CancellationTokenSource(within);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
            return (-1, $"not done after {within.TotalSeconds} s\n{await output}{await error}");
        }

        return (process.ExitCode, await output + await error);
    }

    private static async Task<string> FollowAsync(Process process, Func<Task>? atStop)
    {
        var said = new StringBuilder();
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            said.AppendLine(line);
            if (atStop is not null && line.StartsWith("stop ", StringComparison.Ordinal))
            {
                await atStop();
                await process.StandardInput.WriteLineAsync();
                await process.StandardInput.FlushAsync();
            }
        }

        return said.ToString();
    }
}
