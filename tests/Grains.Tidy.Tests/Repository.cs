using System.Diagnostics;

namespace Grains.Tidy.Tests;

/// <summary>The files that belong to the repository: those that git tracks, or would.</summary>
internal static class Repository
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(3);

    public static string Root { get; } = FindRoot();

    /// <summary>Relative paths with forward slashes.</summary>
    public static IReadOnlyList<string> Files { get; } = List();

    public static IEnumerable<string> CSharp => Files.Where(f => f.EndsWith(".cs", StringComparison.Ordinal));

    public static IEnumerable<string> Projects => Files.Where(f => f.EndsWith(".csproj", StringComparison.Ordinal));

    public static string Read(string file) => File.ReadAllText(Path.Combine(Root, file));

    /// <summary>Files that are text. What is not has a NUL among its first bytes.</summary>
    public static bool IsText(string file)
    {
        using FileStream stream = File.OpenRead(Path.Combine(Root, file));
        Span<byte> start = stackalloc byte[4096];
        return start[..stream.Read(start)].IndexOf((byte)0) < 0;
    }

    /// <summary>No violations; each is said as file, line and what is wrong.</summary>
    public static void Expect(IEnumerable<string> violations)
    {
        List<string> found = [.. violations];
        Assert.True(found.Count == 0, string.Join('\n', found));
    }

    private static string FindRoot()
    {
        for (string? folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Grains.sln")))
            {
                return folder;
            }
        }

        throw new DirectoryNotFoundException($"No Grains.sln above {AppContext.BaseDirectory}.");
    }

    private static List<string> List()
    {
        var start = new ProcessStartInfo("git", ["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        {
            WorkingDirectory = Root,
            RedirectStandardOutput = true,
        };
        using Process git = Process.Start(start)!;
        string output = git.StandardOutput.ReadToEnd();
        if (!git.WaitForExit(_deadline) || git.ExitCode != 0)
        {
            throw new InvalidOperationException("git ls-files did not answer; these tests need a git checkout.");
        }

        return
        [
            .. output.Split('\0', StringSplitOptions.RemoveEmptyEntries).Where(f => File.Exists(Path.Combine(Root, f)))
        ];
    }
}
