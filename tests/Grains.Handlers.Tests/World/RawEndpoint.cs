using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Handlers.Tests.World;

/// <summary>A handler below HTTP: reads a request, then does with the connection what the test says.</summary>
internal sealed class RawEndpoint : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stop = new();
    private readonly Func<Socket, CancellationToken, Task> _answer;
    private readonly Task _accepting;
    private int _requests;

    public RawEndpoint(Func<Socket, CancellationToken, Task> answer)
    {
        _answer = answer;
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        _accepting = AcceptAsync();
    }

    public string Url => $"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndPoint!).Port}/";

    public int Requests => Volatile.Read(ref _requests);

    public static Task WriteAsync(Socket to, string text, CancellationToken cancel) =>
        to.SendAsync(Encoding.Latin1.GetBytes(text), cancel).AsTask();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                Socket socket = await _listener.AcceptAsync(_stop.Token);
                _ = ServeAsync(socket);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        using (socket)
        {
            try
            {
                var buffer = new byte[64 << 10];
                var received = new StringBuilder();
                while (!received.ToString().Contains("\r\n\r\n", StringComparison.Ordinal))
                {
                    int count = await socket.ReceiveAsync(buffer, _stop.Token);
                    if (count == 0)
                    {
                        return;
                    }

                    received.Append(Encoding.Latin1.GetString(buffer, 0, count));
                }

                Interlocked.Increment(ref _requests);
                await _answer(socket, _stop.Token);
            }
            catch (Exception e) when (e is SocketException or OperationCanceledException or IOException)
            {
                // The server hung up, or the test is over.
            }
        }
    }
}
