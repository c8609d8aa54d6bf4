using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;

namespace Grains.Resp.Sockets;

/// <summary>A connection under TLS, on the threads of .NET's pool: where there is a certificate, each is one.</summary>
internal sealed class SecureSocket(Socket socket) : ClientSocket(socket)
{
    private static readonly TimeSpan _handshakeMax = TimeSpan.FromSeconds(10);

    private readonly SslStream _stream = new(new NetworkStream(socket, ownsSocket: false));
    private bool _wasFull;

    /// <summary>More may have been decrypted than there was room for.</summary>
    public override bool MayHaveMore => _wasFull;

    /// <summary>Before anything else.</summary>
    /// <exception cref="AuthenticationException">The client speaks no TLS, or not such as this.</exception>
    /// <exception cref="OperationCanceledException">It took too long, or the server stops.</exception>
    /// <exception cref="IOException">The connection is lost.</exception>
    public async Task ShakeHandsAsync(SslStreamCertificateContext certificate, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_handshakeMax);
        await _stream.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = certificate,
                EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
                AllowRenegotiation = false,
            },
            deadline.Token);
    }

    public override async ValueTask WaitToReadAsync() => await ReadAsync(Memory<byte>.Empty);

    public override async ValueTask<int> ReceiveAsync(Memory<byte> to)
    {
        int count = await ReadAsync(to);
        _wasFull = count == to.Length;
        return count;
    }

    public override async ValueTask SendAsync(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            await _stream.WriteAsync(bytes);
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    /// <summary>Nothing is said to the client: who waits for a reply would wait for what it does not take.</summary>
    public override void Dispose()
    {
        base.Dispose();
        _stream.Dispose();
    }

    private async ValueTask<int> ReadAsync(Memory<byte> to)
    {
        try
        {
            return await _stream.ReadAsync(to);
        }
        catch (IOException e)
        {
            throw Lost(e);
        }
    }

    private static SocketException Lost(IOException e) =>
        e.InnerException as SocketException ?? new SocketException((int)SocketError.ConnectionReset);
}
