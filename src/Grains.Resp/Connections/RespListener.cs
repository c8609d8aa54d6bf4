using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using Grains.Resp.Cluster;
using Grains.Resp.Sessions;
using Grains.Resp.Sockets;
using Grains.Silo.Loops;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Grains.Resp.Connections;

/// <summary>Listens for clients of Redis, until the server stops.</summary>
internal sealed partial class RespListener(
    IOptions<RespOptions> options, RespPort port, ClusterMap map, ClientSessions sessions, ILogger<RespListener> log,
    EngineLead? engine = null)
    : IHostedService
{
    private const int _backlog = 512;
    private const int _reasonCharsMax = 500;

    /// <summary>Where there is no descriptor for one more.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(100);

    private static readonly byte[] _full = "-ERR max number of clients reached\r\n"u8.ToArray();

    private readonly ConcurrentDictionary<ClientSocket, TaskCompletionSource> _connections = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LogPace _pace = new(TimeProvider.System);
    private Socket? _listener;
    private EventLoop? _loop;
    private Task _accepting = Task.CompletedTask;

    /// <summary>Where it listens; null = it does not.</summary>
    public IPEndPoint? Address => (IPEndPoint?)_listener?.LocalEndPoint;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Address is not { } address)
        {
            return Task.CompletedTask;
        }

        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (!OperatingSystem.IsWindows())
            {
                listener.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
            }

            listener.Bind(address);
            listener.Listen(_backlog);
        }
        catch (SocketException e)
            when (options.Value.IsOptional && e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            listener.Dispose();
            LogTaken(log, address);
            return Task.CompletedTask;
        }
        catch
        {
            listener.Dispose();
            throw;
        }

        _listener = listener;
        _loop = EventLoop.IsSupported && !options.Value.IsPooled && !port.IsSecure
            ? new EventLoop(engine is null ? null : engine.Lead, () => LogHangs(log))
            : null;
        port.Port = Address!.Port;
        port.AddGauges();
        map.Open();
        _accepting = AcceptAsync(listener);
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        map.Close();
        await _stop.CancelAsync();
        _listener?.Dispose();
        await _accepting;
        foreach (ClientSocket socket in _connections.Keys)
        {
            socket.Dispose();
        }

        await Task.WhenAll(_connections.Values.Select(ended => ended.Task)).WaitAsync(cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _loop?.Dispose();
    }

    private async Task AcceptAsync(Socket listener)
    {
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                Begin(await listener.AcceptAsync(_stop.Token));
            }
            catch (SocketException e) when (!_stop.IsCancellationRequested)
            {
                LogNotAccepted(log, e.SocketErrorCode);
                await Task.Delay(_pause).WaitAsync(_stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
            {
                return;
            }
        }
    }

    private void Begin(Socket accepted)
    {
        ClientSocket socket = _loop is not null ? new LoopSocket(_loop, accepted)
            : port.IsSecure ? new SecureSocket(accepted)
            : new PooledSocket(accepted);
        TaskCompletionSource ended = _connections.GetOrAdd(socket, static _ => new TaskCompletionSource());
        if (_loop is null)
        {
            _ = ServeAsync(socket, ended);
        }
        else
        {
            _loop.Post(_ => _ = ServeAsync(socket, ended), null);
        }
    }

    private async Task ServeAsync(ClientSocket socket, TaskCompletionSource ended)
    {
        bool isAdded = port.TryAdd();
        try
        {
            socket.Begin();
            if (socket is SecureSocket secure && !await TryShakeHandsAsync(secure))
            {
                return;
            }

            if (!isAdded)
            {
                await socket.SendAsync(_full);
                return;
            }

            await sessions.RunAsync(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The client went away, or the server stops.
        }
        catch (Exception e)
        {
            LogFailed(log, e);
        }
        finally
        {
            if (isAdded)
            {
                port.Remove();
            }

            socket.Dispose();
            _connections.TryRemove(socket, out _);
            ended.TrySetResult();
        }
    }

    private async Task<bool> TryShakeHandsAsync(SecureSocket socket)
    {
        try
        {
            await socket.ShakeHandsAsync(port.Certificate!.Context, _stop.Token);
            return true;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or OperationCanceledException)
        {
            if (!_stop.IsCancellationRequested && _pace.MayWrite(out long unsaid))
            {
                LogNoTls(log, socket.From, LogText.Of(e.InnerException?.Message ?? e.Message, _reasonCharsMax), unsaid);
            }

            return false;
        }
    }
}
