using System.Diagnostics;

namespace Grains.Postgres.Testing;

/// <summary>Root of a Debian machine gets the programs that a test needs installed, once.</summary>
public static class DebianPackages
{
    private static readonly TimeSpan _deadline = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Unless the program is there. Nothing happens elsewhere: whether it is there afterwards is for the caller to see.
    /// Several test runs may come here at once: the package manager has a lock of its own, on which it waits.
    /// </summary>
    public static void TryInstall(string package, string program)
    {
        string[] path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator);
        if (path.Any(folder => File.Exists(Path.Combine(folder, program))))
        {
            return;
        }

        if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess || !File.Exists("/usr/bin/apt-get"))
        {
            return;
        }

        const string wait = "-o DPkg::Lock::Timeout=240";
        string command = $"apt-get {wait} update -qq; apt-get {wait} install -y -qq --no-install-recommends {package}";
        var start = new ProcessStartInfo("/bin/sh", ["-c", command])
        {
            RedirectStandardOutput = true, RedirectStandardError = true
        };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using Process process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (!process.WaitForExit(_deadline))
        {
            process.Kill(entireProcessTree: true);
        }
    }
}
