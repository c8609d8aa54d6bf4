using System.Diagnostics;
using System.Net;

namespace Grains.Faults.Tests.World;

/// <summary>
/// One real server process after another on one data folder and one port. Its output goes to a file, whose end is
/// part of every complaint.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int _partitions = 64;
    private const int _shownLines = 60;
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stopDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    private readonly string _dataFolder;
    private readonly string _logPath;
    private readonly bool _sync;
    private readonly Action _atExit;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private Process? _process;
    private StreamWriter? _log;

    /// <param name="sync">False: the server is told to skip fsync, so that a power cut must lose something.</param>
    public ServerProcess(string dataFolder, string logPath, bool sync = true)
    {
        _dataFolder = dataFolder;
        _logPath = logPath;
        _sync = sync;
        Url = new Uri($"http://127.0.0.1:{FreePort.Find()}");
        _atExit = Kill;
        AtExit.Add(_atExit);
    }

    public Uri Url { get; }

    /// <summary>Starts it and returns when every partition is served.</summary>
    public async Task StartAsync()
    {
        Launch();
        var waited = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (_process!.HasExited)
            {
                // Only after this is all of its output there.
                await _process.WaitForExitAsync();
                throw new InvalidOperationException(
                    $"The server ended with {_process.ExitCode} while starting.\n{LogTail()}");
            }

            if (waited.Elapsed > _readyDeadline)
            {
                throw new TimeoutException($"The server was not ready after {_readyDeadline.TotalSeconds} s.\n{LogTail()}");
            }

            await Task.Delay(_pollPeriod);
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public void Kill()
    {
        if (_process is null)
        {
            return;
        }

        _process.Kill();
        _process.WaitForExit();
        Close();
    }

    /// <summary>SIGTERM; it must end by itself, with exit code 0.</summary>
    public async Task StopAsync()
    {
        Native.Terminate(_process!.Id);
        using var deadline = new CancellationTokenSource(_stopDeadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server did not stop within {_stopDeadline.TotalSeconds} s.\n{LogTail()}");
        }

        int exitCode = _process.ExitCode;
        Close();
        Assert.True(exitCode == 0, $"The server stopped with {exitCode}.\n{LogTail()}");
    }

    /// <summary>The end of what the server said.</summary>
    public string LogTail()
    {
        lock (_logPath)
        {
            _log?.Flush();
        }

        return !File.Exists(_logPath)
            ? "(no output)"
            : string.Join('\n', File.ReadLines(_logPath).TakeLast(_shownLines));
    }

    public ValueTask DisposeAsync()
    {
        AtExit.Remove(_atExit);
        Kill();
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private void Launch()
    {
        List<string> arguments =
            [Programs.Server, "--data", _dataFolder, "--urls", Url.ToString().TrimEnd('/'), "--partitions", $"{_partitions}"];
        if (!_sync)
        {
            arguments.Add("--no-sync");
        }

        var start = new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };

        // A process that is killed cannot remove the diagnostic sockets that it would open.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _log = new StreamWriter(_logPath, append: true);
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri(Url, "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private void Log(string? line)
    {
        lock (_logPath)
        {
            _log?.WriteLine(line);
        }
    }

    private void Close()
    {
        _process?.Dispose();
        _process = null;
        lock (_logPath)
        {
            _log?.Dispose();
            _log = null;
        }
    }
}
