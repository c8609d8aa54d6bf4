using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Grains.Faults.Tests.World;

/// <summary>
/// The handlers of a user: a web server in a process of its own, that is killed and frozen like any other.
/// </summary>
internal sealed class HandlerProcess : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);

    private readonly NetworkEnd? _end;
    private readonly IPEndPoint _address;
    private readonly ConcurrentQueue<string> _said = new();
    private readonly Action _atExit;
    private Process? _process;

    /// <param name="end">Where on a network; null = loopback.</param>
    public HandlerProcess(NetworkEnd? end)
    {
        _end = end;
        _address = new IPEndPoint(end?.Address ?? IPAddress.Loopback, FreePort.Find());
        _atExit = Kill;
        AtExit.Add(_atExit);
    }

    public string Url => $"http://{_address}/";

    /// <summary>Lines of its standard error.</summary>
    public IReadOnlyCollection<string> Said => _said;

    /// <summary>Starts it and returns when it takes connections.</summary>
    public async Task StartAsync()
    {
        string[] command = [.. _end?.Inside ?? [], "dotnet", Programs.Handlers, "push", $"{_address}"];
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardError = true };
        start.Environment["DOTNET_EnableDiagnostics"] = "0";
        _process = new Process { StartInfo = start };
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginErrorReadLine();
        var waited = Stopwatch.StartNew();
        while (!await TakesConnectionsAsync())
        {
            if (_process.HasExited || waited.Elapsed > _deadline)
            {
                throw new InvalidOperationException(
                    $"The handlers at {_address} did not start in {waited.Elapsed.TotalSeconds:F0} s.");
            }

            await Task.Delay(_pollPeriod);
        }
    }

    public void Kill()
    {
        if (_process is { } process)
        {
            process.Kill();
            process.WaitForExit();
            process.Dispose();
            _process = null;
        }
    }

    public void Freeze() => Native.Stop(_process!.Id);

    public void Thaw() => Native.Continue(_process!.Id);

    public ValueTask DisposeAsync()
    {
        AtExit.Remove(_atExit);
        Kill();
        return ValueTask.CompletedTask;
    }

    private async Task<bool> TakesConnectionsAsync()
    {
        try
        {
            using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(_address);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
