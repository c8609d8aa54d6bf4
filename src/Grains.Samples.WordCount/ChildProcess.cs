using System.Diagnostics;

namespace Grains.Samples.WordCount;

/// <summary>
/// A .NET program as a child of ours that can be killed and started again. It is killed with us; its output goes to a
/// file.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    private const int _shownLines = 40;

    private readonly IReadOnlyList<string> _arguments;
    private readonly string _logPath;
    private readonly Lock _gate = new();
    private Process? _process;

    public ChildProcess(IReadOnlyList<string> arguments, string logPath)
    {
        _arguments = arguments;
        _logPath = logPath;
        AppDomain.CurrentDomain.ProcessExit += KillAtExit;
    }

    public bool HasExited => _process?.HasExited ?? true;

    public void Start()
    {
        var start = new ProcessStartInfo("dotnet", _arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        // A process that is killed cannot remove the diagnostic sockets that it would open.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public void Kill()
    {
        Process? process = Interlocked.Exchange(ref _process, null);
        if (process is null)
        {
            return;
        }

        process.Kill();
        process.WaitForExit();
        process.Dispose();
    }

    public string LogTail()
    {
        lock (_gate)
        {
            return File.Exists(_logPath)
                ? string.Join('\n', File.ReadLines(_logPath).TakeLast(_shownLines))
                : "(nothing)";
        }
    }

    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= KillAtExit;
        Kill();
    }

    private void KillAtExit(object? sender, EventArgs e) => Kill();

    private void Log(string? line)
    {
        lock (_gate)
        {
            if (line is not null)
            {
                File.AppendAllText(_logPath, line + "\n");
            }
        }
    }
}
