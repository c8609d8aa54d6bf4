using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Server.Tests.Cluster;

/// <summary>A real server process of a test's own, and everything that it says.</summary>
internal sealed class RunningServer : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(90);
    private static readonly string _program = Path.Combine(AppContext.BaseDirectory, "Grains.Server.dll");

    private readonly StringBuilder _said = new();
    private readonly Process _process;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });

    private RunningServer(string[] args, IReadOnlyDictionary<string, string> environment, string? folder)
    {
        Url = $"http://127.0.0.1:{FreePort.Find()}";
        var start = new ProcessStartInfo("dotnet", [_program, "--urls", Url, .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,

            WorkingDirectory = folder ?? Path.GetTempPath(),
        };

        // A process that is killed cannot remove the diagnostic sockets that it would open.
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        foreach ((string name, string value) in environment)
        {
            start.Environment[name] = value;
        }

        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Hear(line.Data);
        _process.ErrorDataReceived += (_, line) => Hear(line.Data);
        AppDomain.CurrentDomain.ProcessExit += Kill;
    }

    public string Url { get; }

    public int Id => _process.Id;

    public string Said
    {
        get
        {
            lock (_said)
            {
                return _said.ToString();
            }
        }
    }

    public static RunningServer Start(
        string[] args, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var server = new RunningServer(args, environment ?? new Dictionary<string, string>(), folder);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    public Task<HttpResponseMessage> GetAsync(string path) => _http.GetAsync(Url + path);

    public Task<HttpResponseMessage> PutAsync(string path, string body, string type = "text/plain") =>
        _http.PutAsync(Url + path, new StringContent(body, Encoding.UTF8, type));

    /// <summary>Returns when every partition is served, as this server sees it, and it has said so.</summary>
    public Task ReadyAsync() => UntilAsync(async () =>
        (await AnswerAsync("/readyz")) == HttpStatusCode.OK
            && Said.Contains("Grains listens on", StringComparison.Ordinal));

    /// <summary>Waits for a line with these words.</summary>
    public Task SaysAsync(string words) =>
        UntilAsync(() => Task.FromResult(Said.Contains(words, StringComparison.Ordinal)));

    /// <summary>Asked to end; its exit code.</summary>
    public Task<int> StopAsync()
    {
        using (Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]))
        {
            kill.WaitForExit();
        }

        return EndAsync();
    }

    /// <summary>Its exit code, once it ended by itself and everything that it said is here.</summary>
    public async Task<int> EndAsync()
    {
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            await _process.WaitForExitAsync(deadline.Token);
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"The server still runs after {_deadline}. It said:\n{Said}");
        }

        return _process.ExitCode;
    }

    public void Kill() => _process.Kill();

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Kill;
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _process.WaitForExitAsync();
        _process.Dispose();
        _http.Dispose();
    }

    private void Kill(object? sender, EventArgs e) => _process.Kill();

    private void Hear(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }

    private async Task<HttpStatusCode?> AnswerAsync(string path)
    {
        try
        {
            using HttpResponseMessage answer = await GetAsync(path);
            return answer.StatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // The bare second one is HttpClient's where the other side goes away in the moment that a connection
            // stands.
            return null;
        }
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested || _process.HasExited)
            {
                throw new TimeoutException(
                    $"The server {(_process.HasExited ? $"ended with {_process.ExitCode}" : $"was not there after {_deadline}")}. It said:\n{Said}");
            }

            await look.WaitForNextTickAsync();
        }
    }
}
