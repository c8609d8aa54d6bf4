using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Grains.Faults.Tests.World;

/// <summary>
/// One real server process after another with the same settings. Its output goes to a file, whose end is part of every
/// complaint.
/// </summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private const int _shownLines = 60;
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _stopDeadline = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    private readonly ServerSettings _settings;
    private readonly string _logPath;
    private readonly Action _atExit;
    private readonly HttpClient _http = new(
        new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(2) };
    private Process? _process;
    private StreamWriter? _log;
    private bool _isDisturbed;

    /// <summary>What it said about a damaged partition since its start.</summary>
    private volatile string? _damage;

    public ServerProcess(ServerSettings settings)
    {
        _settings = settings;
        _logPath = settings.LogPath;
        _atExit = KillNow;
        AtExit.Add(_atExit);
    }

    public string Name => _settings.Name;

    public Uri Url => _settings.Url;

    public NetworkEnd? End => _settings.End;

    /// <summary>Where clients of Redis connect; null = nowhere.</summary>
    public IPEndPoint? Redis => _settings.Redis;

    public int ProcessId => Running.Id;

    /// <summary>It was started and has not ended, be it frozen.</summary>
    public bool IsRunning => _process is { HasExited: false };

    /// <summary>The test is about servers that end. Else one that ends without being asked fails the run.</summary>
    public bool IsMortal { get; set; }

    /// <summary>Something was done to it after which it may find out that it is out, and end itself.</summary>
    public void Disturb() => _isDisturbed = true;

    /// <summary>It is a member as before: from now on it must not end.</summary>
    public void MustLive()
    {
        MustNotHaveEnded();
        _isDisturbed = false;
    }

    /// <exception cref="LostServerException">It ended, and nobody had asked it to.</exception>
    public void MustNotHaveEnded()
    {
        if (_process is { HasExited: true } process && !_isDisturbed && !IsMortal)
        {
            // Only after this is all of its output there.
            process.WaitForExit();
            throw new LostServerException(
                $"{Name} ended with {process.ExitCode}, and nobody had asked it to.\n{LogTail()}");
        }
    }

    /// <summary>Starts it and returns when every partition is served.</summary>
    public async Task StartAsync()
    {
        Launch();
        await BecomeReadyAsync();
    }

    /// <summary>Waits until every partition is served as far as it knows; or until a mortal one has ended.</summary>
    /// <exception cref="InvalidOperationException">It ended, or what is left is damaged.</exception>
    public async Task BecomeReadyAsync()
    {
        var waited = Stopwatch.StartNew();
        while (!await IsReadyAsync())
        {
            if (_process!.HasExited && IsMortal)
            {
                return;
            }

            if (_process.HasExited)
            {
                // Only after this is all of its output there.
                await _process.WaitForExitAsync();
                throw new InvalidOperationException(
                    $"{Name} ended with {_process.ExitCode} while starting.\n{LogTail()}");
            }

            if (_damage is { } damage)
            {
                throw new InvalidOperationException($"{Name} refuses what is damaged, and is never ready.\n{damage}");
            }

            if (waited.Elapsed > _readyDeadline)
            {
                throw new TimeoutException($"{Name} was not ready after {_readyDeadline.TotalSeconds} s.\n{LogTail()}");
            }

            await Task.Delay(_pollPeriod);
        }
    }

    /// <summary>Every partition is served, as far as it knows.</summary>
    public async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(new Uri(Url, "/readyz"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException or OperationCanceledException)
        {
            return false;
        }
    }

    /// <summary>SIGKILL; returns when the process is gone.</summary>
    public void Kill()
    {
        MustNotHaveEnded();
        KillNow();
    }

    private void KillNow()
    {
        if (_process is null)
        {
            return;
        }

        _process.Kill();
        _process.WaitForExit();
        Close();
    }

    /// <summary>SIGSTOP: it keeps its memory, its connections and its belief that it owns what it owned.</summary>
    public void Freeze()
    {
        Disturb();
        Native.Stop(Running.Id);
    }

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Native.Continue(Running.Id);

    /// <summary>SIGTERM; it must end by itself, with exit code 0.</summary>
    public async Task StopAsync()
    {
        MustNotHaveEnded();
        Process process = Running;
        Native.Terminate(process.Id);
        using var deadline = new CancellationTokenSource(_stopDeadline);
        try
        {
            await process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"{Name} did not stop within {_stopDeadline.TotalSeconds} s.\n{LogTail()}");
        }

        int exitCode = process.ExitCode;
        Close();
        Assert.True(exitCode == 0, $"{Name} stopped with {exitCode}.\n{LogTail()}");
    }

    /// <summary>The end of what the server said.</summary>
    public string LogTail() =>
        Said() is { Length: > 0 } said ? string.Join('\n', said.TakeLast(_shownLines)) : "(no output)";

    /// <summary>Every line, of all its lives.</summary>
    public string[] Said()
    {
        lock (_logPath)
        {
            _log?.Flush();
            return File.Exists(_logPath) ? File.ReadAllLines(_logPath) : [];
        }
    }

    public ValueTask DisposeAsync()
    {
        AtExit.Remove(_atExit);
        _http.Dispose();
        try
        {
            MustNotHaveEnded();
        }
        finally
        {
            KillNow();
        }

        return ValueTask.CompletedTask;
    }

    private Process Running => _process ?? throw new InvalidOperationException($"{Name} is not running.");

    private void Launch()
    {
        MustNotHaveEnded();
        _isDisturbed = false;
        _damage = null;
        Close();
        string[] command = [.. _settings.End?.Inside ?? [], "dotnet", _settings.Program, .. _settings.Arguments];
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardOutput = true, RedirectStandardError = true
        };

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

    private void Log(string? line)
    {
        if (line?.Contains("JournalDamagedException", StringComparison.Ordinal) is true)
        {
            _damage ??= line;
        }

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

/// <summary>A server of a run was lost without a fault that would explain it.</summary>
internal sealed class LostServerException(string message) : Exception(message);
