using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Faults.Tests.Neighbours;

/// <summary>One way to take from a server what others need.</summary>
/// <param name="name">In figures.</param>
/// <param name="sockets">Connections that are opened.</param>
/// <param name="first">What each says at once; the number is its own.</param>
/// <param name="again">Done with each every 100 ms until the end; false: it is over.</param>
internal sealed class HostileNeighbour(
    string name, int sockets, Func<int, byte[]> first, Func<Socket, ValueTask<bool>> again)
{
    public const string Key = "neighbour-key-0123456789abcdef";

    private const int _slowBytes = 300;
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(100);

    private int _opened;
    private int _ended;

    public string Name => name;

    public required IPEndPoint Server { get; init; }

    /// <summary>It opens another connection for each that ended.</summary>
    public bool Insists { get; init; }

    public string Said => $"{name}: {_opened} connections, {_ended} of them ended by the server";

    public static HostileNeighbour[] All(Uri server, int connectionsMax)
    {
        var at = new IPEndPoint(IPAddress.Loopback, server.Port);
        return
        [
            new("idle connections", connectionsMax, _ => [], _ => new(true)) { Server = at },
            new(
                "slow readers", 100, _ => Request("GET", "/v1/keyspaces/others/keys?values=true&limit=1000"),
                TakeLittleAsync) { Server = at },
            new(
                "slow bodies", 200,
                _ =>
                [
                    .. Request("PUT", "/v1/keyspaces/others/keys/slow", "Content-Length: 1000000"), .. new byte[60_000]
                ],
                SayLittleAsync) { Server = at },
            new("wrong keys", 16, _ => [], GuessAsync) { Server = at, Insists = true },
            new("parked receives", Math.Min(5_000, connectionsMax - 500),
                i => Request("POST", $"/v1/services/others/nodes/n{i}/receive", "Content-Type: application/json", """{"wait": "60s"}"""),
                _ => new(true)) { Server = at },
            new("puts to the budget", 16, _ => [], PutMuchAsync) { Server = at, Insists = true },
        ];
    }

    public async Task RunAsync(CancellationToken stop)
    {
        (_opened, _ended) = (0, 0);
        var open = new List<Socket>();
        try
        {
            using var timer = new PeriodicTimer(_period);
            do
            {
                while (open.Count + (Insists ? 0 : _ended) < sockets && !stop.IsCancellationRequested
                    && await OpenAsync() is { } socket)
                {
                    open.Add(socket);
                }

                bool[] live = await Task.WhenAll(open.Select(LiveAsync)).WaitAsync(stop);
                for (int i = open.Count - 1; i >= 0; i--)
                {
                    if (!live[i])
                    {
                        open[i].Dispose();
                        open.RemoveAt(i);
                        _ended++;
                    }
                }
            }
            while (await timer.WaitForNextTickAsync(stop));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The phase is over.
        }
        finally
        {
            open.ForEach(s => s.Dispose());
        }
    }

    private async Task<Socket?> OpenAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 4_096, SendTimeout = 1_000,
        };
        try
        {
            await socket.ConnectAsync(Server);
            byte[] said = first(_opened);
            if (said.Length > 0)
            {
                await socket.SendAsync(said);
            }

            _opened++;
            return socket;
        }
        catch (SocketException)
        {
            socket.Dispose();
            _opened++;
            _ended++;
            return null;
        }
    }

    private async Task<bool> LiveAsync(Socket socket)
    {
        try
        {
            return !(socket.Poll(0, SelectMode.SelectRead) && socket.Available == 0) && await again(socket);
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static byte[] Request(string method, string path, string? header = null, string body = "")
    {
        string length = body.Length > 0
            ? $"Content-Length: {body.Length.ToString(CultureInfo.InvariantCulture)}\r\n"
            : "";
        string more = header is null ? "" : header + "\r\n";
        return Encoding.ASCII.GetBytes(
            $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {Key}\r\n{more}{length}\r\n{body}");
    }

    private static async ValueTask<bool> TakeLittleAsync(Socket socket) =>
        socket.Available == 0 || await socket.ReceiveAsync(new byte[_slowBytes / 10]) > 0;

    private static async ValueTask<bool> SayLittleAsync(Socket socket) =>
        await socket.SendAsync(new byte[_slowBytes / 10]) > 0;

    private static async ValueTask<bool> GuessAsync(Socket socket)
    {
        string guess = Convert.ToHexString(Guid.NewGuid().ToByteArray());
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"GET /v1/services HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {guess}\r\n\r\n"));
        return await socket.ReceiveAsync(new byte[4_096]) > 0;
    }

    private static async ValueTask<bool> PutMuchAsync(Socket socket)
    {
        await socket.SendAsync(
            Request("PUT", $"/v1/keyspaces/others/keys/{Guid.NewGuid()}", "Content-Length: 1048576"));
        await socket.SendAsync(new byte[1 << 20]);
        return await socket.ReceiveAsync(new byte[4_096]) > 0;
    }
}
