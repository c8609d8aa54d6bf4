using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;

namespace Grains.Handlers.Tests.World;

/// <summary>A handler below HTTP that is asked several times on one connection, for as long as the test says.</summary>
internal sealed partial class PeerEndpoint : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Asked, Socket, CancellationToken, Task<bool>> _answer;
    private readonly Task _accepting;
    private int _connections;

    /// <param name="answer">Asked for each request; true: the connection goes on.</param>
    public PeerEndpoint(Func<Asked, Socket, CancellationToken, Task<bool>> answer)
    {
        _answer = answer;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        Url = $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/";
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Url { get; }

    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Every request that was read, in order.</summary>
    public ConcurrentQueue<Asked> Seen { get; } = new();

    /// <summary>Takes no further connection.</summary>
    public void Refuse() => _listener.Dispose();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    [GeneratedRegex(@"^Content-Length: (\d+)\r$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex Length();

    [GeneratedRegex(@"^Grains-Node: (\S+)\r$", RegexOptions.Multiline)]
    private static partial Regex Node();

    [GeneratedRegex(@"^Grains-Attempt: (\d+)\r$", RegexOptions.Multiline)]
    private static partial Regex Attempt();

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                _ = ServeAsync(socket, Interlocked.Increment(ref _connections));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The test is over, or wants no more of them.
        }
    }

    private async Task ServeAsync(Socket socket, int connection)
    {
        using (socket)
        {
            try
            {
                for (int onConnection = 1; ; onConnection++)
                {
                    if (await ReadAsync(socket) is not { } head)
                    {
                        return;
                    }

                    var asked = new Asked(
                        connection, onConnection, Node().Match(head).Groups[1].Value,
                        Attempt().Match(head).Groups[1].Value);
                    Seen.Enqueue(asked);
                    if (!await _answer(asked, socket, _stop.Token))
                    {
                        return;
                    }
                }
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // The server hung up, or the test is over.
            }
        }
    }

    /// <summary>A request's head, once its body has come too; null = there is no further one.</summary>
    private async Task<string?> ReadAsync(Socket socket)
    {
        var buffer = new byte[64 << 10];
        var received = new StringBuilder();
        while (true)
        {
            string text = received.ToString();
            int end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (end >= 0
                && text.Length - end - 4 >= int.Parse(Length().Match(text).Groups[1].Value, CultureInfo.InvariantCulture))
            {
                return text[..(end + 2)];
            }

            int count = await socket.ReceiveAsync(buffer, _stop.Token);
            if (count == 0)
            {
                return null;
            }

            received.Append(Encoding.Latin1.GetString(buffer, 0, count));
        }
    }
}

/// <summary>One request: on which connection, as its how manieth, and what for.</summary>
internal sealed record Asked(int Connection, int OnConnection, string Node, string Attempt);
