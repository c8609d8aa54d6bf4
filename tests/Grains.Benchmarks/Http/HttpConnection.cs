using System.Buffers.Text;
using System.Net;
using System.Net.Sockets;

namespace Grains.Benchmarks.Http;

/// <summary>
/// One kept HTTP/1.1 connection over a bare socket, without pipelining: as little client as there can be, so that what
/// is measured is the server.
/// </summary>
internal sealed class HttpConnection : IDisposable
{
    private const string _broken = "The answer is not one that this client reads: ";
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _bodyAt;
    private int _bodyLength;

    private HttpConnection(Socket socket) => _socket = socket;

    /// <summary>Of the last answer; valid until the next exchange.</summary>
    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyAt, _bodyLength);

    public static async Task<HttpConnection> OpenAsync(int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(IPAddress.Loopback, port);
            return new HttpConnection(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <returns>The status.</returns>
    public async ValueTask<int> ExchangeAsync(ReadOnlyMemory<byte> request)
    {
        for (int sent = 0; sent < request.Length;)
        {
            sent += await _socket.SendAsync(request[sent..]);
        }

        int filled = 0;
        while (true)
        {
            int read = await _socket.ReceiveAsync(_buffer.AsMemory(filled));
            if (read == 0)
            {
                throw new IOException("The server closed the connection, or answered more than the buffer holds.");
            }

            filled += read;
            if (TryRead(filled) is { } status)
            {
                return status;
            }
        }
    }

    public void Dispose() => _socket.Dispose();

    private int? TryRead(int filled)
    {
        ReadOnlySpan<byte> answer = _buffer.AsSpan(0, filled);
        int headEnd = answer.IndexOf("\r\n\r\n"u8);
        if (headEnd < 0)
        {
            return null;
        }

        ReadOnlySpan<byte> head = answer[..headEnd];
        if (!head.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(head[9..], out int status, out _))
        {
            throw new IOException(_broken + System.Text.Encoding.ASCII.GetString(head));
        }

        ReadOnlySpan<byte> name = "\r\nContent-Length: "u8;
        int lengthAt = head.IndexOf(name);
        int length = 0;
        if (status != 204
            && (lengthAt < 0 || !Utf8Parser.TryParse(head[(lengthAt + name.Length)..], out length, out _)))
        {
            throw new IOException(_broken + System.Text.Encoding.ASCII.GetString(head));
        }

        (_bodyAt, _bodyLength) = (headEnd + 4, length);
        return filled >= _bodyAt + length ? status : null;
    }
}
