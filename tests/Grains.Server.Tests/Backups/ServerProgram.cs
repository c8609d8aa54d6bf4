using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Server.Tests.Backups;

/// <summary>The real program in a process of its own: run to its end, or kept serving until disposed.</summary>
internal sealed class ServerProgram : IAsyncDisposable
{
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan _endDeadline = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);
    private readonly StringBuilder _said = new();
    private readonly Process _process;

    private ServerProgram(string? postgres, string[] arguments)
    {
        ProcessStartInfo start = new("dotnet", [typeof(GrainsHost).Assembly.Location, .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        start.Environment["GRAINS_POSTGRES"] = postgres ?? "";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Note(line.Data);
        _process.ErrorDataReceived += (_, line) => Note(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        AppDomain.CurrentDomain.ProcessExit += OnExit;
    }

    public HttpClient Http { get; } = new(
        new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(60) };

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

    /// <summary>Runs it to its end.</summary>
    public static async Task<(int ExitCode, string Said)> RunAsync(string? postgres, params string[] arguments)
    {
        await using ServerProgram program = new(postgres, arguments);
        await program.EndedAsync();
        return (program._process.ExitCode, program.Said);
    }

    /// <summary>Begins to start it, and waits for nothing.</summary>
    public static ServerProgram Start(string? postgres, params string[] arguments) => new(postgres, arguments);

    /// <summary>Starts a server, and returns when it serves every partition.</summary>
    public static async Task<ServerProgram> ServeAsync(string? postgres, params string[] arguments)
    {
        Uri url = new($"http://127.0.0.1:{FreePort.Find()}");
        ServerProgram program = new(postgres, [.. arguments, "--urls", url.ToString(), "--dashboard", "false"]);
        program.Http.BaseAddress = url;
        Stopwatch waited = Stopwatch.StartNew();
        while (!await program.IsReadyAsync())
        {
            if (program._process.HasExited || waited.Elapsed > _readyDeadline)
            {
                await program.DisposeAsync();
                throw new InvalidOperationException($"The server did not become ready.\n{program.Said}");
            }

            await Task.Delay(_pollPeriod);
        }

        return program;
    }

    /// <summary>SIGTERM, and the wait for its end.</summary>
    public async Task StopAsync()
    {
        using Process kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        await kill.WaitForExitAsync();
        await EndedAsync();
        Assert.True(_process.ExitCode == 0, Said);
    }

    /// <summary>Waits until it has ended by itself.</summary>
    public async Task<int> ExitCodeAsync()
    {
        await EndedAsync();
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnExit;
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync();
        }

        _process.Dispose();
        Http.Dispose();
    }

    private async Task EndedAsync()
    {
        using CancellationTokenSource deadline = new(_endDeadline);
        await _process.WaitForExitAsync(deadline.Token);
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using HttpResponseMessage answer = await Http.GetAsync("readyz");
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception e) when (e is HttpRequestException or SocketException)
        {
            // The bare second one is HttpClient's where the other side goes away in the moment that a connection
            // stands.
            return false;
        }
    }

    private void Note(string? line)
    {
        lock (_said)
        {
            _said.AppendLine(line);
        }
    }

    private void OnExit(object? sender, EventArgs e) => _process.Kill();
}
