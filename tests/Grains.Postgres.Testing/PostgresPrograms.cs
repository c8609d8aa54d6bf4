using System.Diagnostics;

namespace Grains.Postgres.Testing;

/// <summary>Where the programs of Postgres are. Root of a Debian machine without them gets them installed, once.</summary>
public static class PostgresPrograms
{
    private static readonly TimeSpan _installDeadline = TimeSpan.FromMinutes(5);
    private static readonly Lazy<string> _folder = new(FindOrInstall);

    /// <exception cref="InvalidOperationException">They are not there and cannot be installed; it says what to do.</exception>
    public static string Folder => _folder.Value;

    public static string Path(string program) => System.IO.Path.Combine(Folder, program);

    private static string FindOrInstall()
    {
        if (Find() is { } found)
        {
            return found;
        }

        // Several test runs may come here at once: the package manager has a lock of its own, on which it waits.
        if (OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && File.Exists("/usr/bin/apt-get"))
        {
            const string wait = "-o DPkg::Lock::Timeout=240";
            Run($"apt-get {wait} update -qq; apt-get {wait} install -y -qq --no-install-recommends postgresql");
        }

        return Find() ?? throw new InvalidOperationException(
            "Postgres is not installed. Install it (Debian: apt-get install postgresql), or put initdb and postgres on the PATH.");
    }

    private static string? Find()
    {
        const string debian = "/usr/lib/postgresql";
        IEnumerable<string> versions = Directory.Exists(debian)
            ? Directory.GetDirectories(debian).OrderByDescending(d => int.TryParse(System.IO.Path.GetFileName(d), out int v) ? v : 0)
            : [];
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(System.IO.Path.PathSeparator);
        return versions.Select(v => System.IO.Path.Combine(v, "bin")).Concat(path)
            .FirstOrDefault(f => File.Exists(System.IO.Path.Combine(f, "initdb")) && File.Exists(System.IO.Path.Combine(f, "postgres")));
    }

    private static void Run(string command)
    {
        var start = new ProcessStartInfo("/bin/sh", ["-c", command]) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(_installDeadline))
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
