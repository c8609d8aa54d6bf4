using System.Diagnostics;

namespace Grains.Postgres.Testing;

/// <summary>
/// A shell that waits for this process to end, however it ends, then kills the server of a folder and removes the
/// folder. A test runner does not give its process the time to do so itself.
/// </summary>
internal sealed class AfterExit : IDisposable
{
    private const string _script = """
        trap '' INT TERM HUP
        cat > /dev/null
        tries=0
        while [ -e "$1" ] && [ "$tries" -lt 100 ]; do
            postmaster=$(head -n 1 "$1/data/postmaster.pid" 2> /dev/null) &&
                grep -qsF "$1" "/proc/$postmaster/cmdline" && kill -KILL "$postmaster"
            rm -rf "$1" 2> /dev/null
            tries=$((tries + 1))
            sleep 0.1
        done
        """;

    private readonly Process _shell;

    public AfterExit(string folder) => _shell = Process.Start(
        new ProcessStartInfo("/bin/sh", ["-c", _script, "sh", folder])
        {
            RedirectStandardInput = true,
            WorkingDirectory = "/",
        })!;

    /// <summary>Now instead; returns when the folder is gone.</summary>
    public void Dispose()
    {
        _shell.StandardInput.Close();
        _shell.WaitForExit();
        _shell.Dispose();
    }
}
