using System.Net;
using System.Net.Sockets;

namespace Grains.Resp.Sockets;

/// <summary>A connection's socket, and how it is waited for.</summary>
internal abstract class ClientSocket(Socket socket) : IDisposable
{
    protected Socket Socket => socket;

    public IPEndPoint? From => socket.RemoteEndPoint as IPEndPoint;

    public IPEndPoint? To => socket.LocalEndPoint as IPEndPoint;

    /// <summary>Once, before anything is waited for.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public virtual void Begin() => socket.NoDelay = true;

    /// <summary>Something may have come already: it is not worth to give the buffer back.</summary>
    public abstract bool MayHaveMore { get; }

    /// <summary>Until something has come, or the client has closed; holds no memory meanwhile.</summary>
    public abstract ValueTask WaitToReadAsync();

    /// <returns>0 = the client has closed.</returns>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public abstract ValueTask<int> ReceiveAsync(Memory<byte> to);

    /// <summary>Until the system has taken all of it.</summary>
    /// <exception cref="SocketException">The connection is lost.</exception>
    public abstract ValueTask SendAsync(ReadOnlyMemory<byte> bytes);

    /// <summary>
    /// Whoever waits goes on, to find it closed; what was sent arrives. Not <see cref="Dispose"/>: .NET resets a
    /// connection that is disposed of while something is read from it, and a client may lose its last reply by that.
    /// </summary>
    public virtual void End()
    {
        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // It is lost already: whoever waits is told so.
        }
    }

    /// <summary>Any thread. Nobody waits for anything of it any more, or what was sent need not arrive.</summary>
    public virtual void Dispose() => socket.Dispose();
}

/// <summary>Where there is no <see cref="EventLoop"/>: as .NET does it, on the threads of its pool.</summary>
internal sealed class PooledSocket(Socket socket) : ClientSocket(socket)
{
    public override bool MayHaveMore => Socket.Available > 0;

    public override async ValueTask WaitToReadAsync() => await Socket.ReceiveAsync(Memory<byte>.Empty);

    public override ValueTask<int> ReceiveAsync(Memory<byte> to) => Socket.ReceiveAsync(to);

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            bytes = bytes[await Socket.SendAsync(bytes)..];
        }
    }
}
