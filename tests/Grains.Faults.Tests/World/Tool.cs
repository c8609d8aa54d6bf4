using System.Diagnostics;

namespace Grains.Faults.Tests.World;

/// <summary>A program of the system, run to its end within a deadline.</summary>
internal static class Tool
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(30);

    /// <returns>Its exit code and what it said.</returns>
    public static (int ExitCode, string Output) Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardOutput = true, RedirectStandardError = true
        };
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(_deadline))
        {
            process.Kill();
            process.WaitForExit();
            return (-1, $"{program} did not end within {_deadline.TotalSeconds} s");
        }

        return (process.ExitCode, output.Result + error.Result);
    }

    public static void MustRun(string program, params string[] arguments)
    {
        (int exitCode, string output) = Run(program, arguments);
        if (exitCode != 0)
        {
            throw new IOException($"{program} {string.Join(' ', arguments)} ended with {exitCode}: {output}");
        }
    }
}
