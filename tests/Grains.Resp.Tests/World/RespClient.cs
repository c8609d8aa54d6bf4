using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Grains.Resp.Tests.World;

/// <summary>A connection that sends bytes and compares bytes.</summary>
internal sealed class RespClient(Socket socket) : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    public Socket Socket => socket;

    public static async Task<RespClient> ConnectAsync(IPEndPoint address)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(address);
        return new RespClient(socket);
    }

    /// <summary>Words separated by blanks, as an array of bulk strings.</summary>
    public static string Command(string words) => Command(words.Split(' '));

    public static string Command(params string[] words) =>
        $"*{words.Length}\r\n" + string.Concat(words.Select(w => $"${Encoding.Latin1.GetByteCount(w)}\r\n{w}\r\n"));

    public async Task SendAsync(string bytes)
    {
        ReadOnlyMemory<byte> rest = Encoding.Latin1.GetBytes(bytes);
        while (rest.Length > 0)
        {
            rest = rest[await socket.SendAsync(rest)..];
        }
    }

    /// <summary>Sends one command; what comes back is exactly this.</summary>
    public async Task ExpectAsync(string words, string reply)
    {
        await SendAsync(Command(words));
        await ReadAsync(reply, words);
    }

    public async Task ReadAsync(string reply, string? what = null)
    {
        byte[] wanted = Encoding.Latin1.GetBytes(reply);
        byte[] read = new byte[wanted.Length];
        int length = 0;
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            while (length < wanted.Length
                && await socket.ReceiveAsync(read.AsMemory(length), deadline.Token) is > 0 and var count)
            {
                length += count;
                if (!wanted.AsSpan(0, length).SequenceEqual(read.AsSpan(0, length)))
                {
                    break;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // What has come is shown.
        }

        Assert.Equal((what, reply), (what, Encoding.Latin1.GetString(read, 0, length)));
    }

    /// <summary>One line, without its end.</summary>
    public async Task<string> LineAsync()
    {
        using var deadline = new CancellationTokenSource(_deadline);
        var line = new StringBuilder();
        byte[] one = new byte[1];
        while (await socket.ReceiveAsync(one, deadline.Token) == 1)
        {
            line.Append((char)one[0]);
            if (one[0] == '\n')
            {
                return line.ToString()[..^2];
            }
        }

        return line.ToString();
    }

    /// <summary>So many bytes.</summary>
    public async Task<string> BytesAsync(int count)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        byte[] bytes = new byte[count];
        int length = 0;
        while (length < count
            && await socket.ReceiveAsync(bytes.AsMemory(length), deadline.Token) is > 0 and var more)
        {
            length += more;
        }

        return Encoding.Latin1.GetString(bytes, 0, length);
    }

    /// <summary>The server closes, and has nothing more to say.</summary>
    public async Task ExpectEndAsync()
    {
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            Assert.Equal(0, await socket.ReceiveAsync(new byte[1], deadline.Token));
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            // Closed before it had read all that was sent.
        }
    }

    public void Dispose() => socket.Dispose();
}
