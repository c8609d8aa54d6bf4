using System.IO.Pipelines;
using System.Net;
using Grains.Silo.Tls;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Silo.Tests.Tls;

/// <summary>Two ends of one connection in memory, each behind the middleware of a silo.</summary>
internal sealed class TlsPair : IAsyncDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly CancellationTokenSource _closed = new();
    private readonly Pipe _toAccepting = new();
    private readonly Pipe _toConnecting = new();

    public IPAddress AcceptingAddress { get; init; } = IPAddress.Loopback;

    public IPAddress ConnectingAddress { get; init; } = IPAddress.Loopback;

    /// <summary>What the end that connects has if it is no silo.</summary>
    public Stream Raw => new PipeStream(new Ends(_toConnecting.Reader, _toAccepting.Writer));

    /// <summary>What the end that accepts has if it is no silo.</summary>
    public Stream RawAccepting => new PipeStream(new Ends(_toAccepting.Reader, _toConnecting.Writer));

    /// <summary>Runs the end that accepts: it gives every byte back until the other end is done.</summary>
    public Task AcceptAsync(TlsCertificates certificates) =>
        RunAsync(
            new InboundTls(
                certificates, NullLogger<InboundTls>.Instance), new Ends(_toAccepting.Reader, _toConnecting.Writer),
            ConnectingAddress, EchoAsync);

    /// <summary>Runs the end that connects: it sends, and gives back what it received.</summary>
    public async Task<byte[]> ConnectAsync(TlsCertificates certificates, byte[] sent)
    {
        byte[] received = [];
        await RunAsync(
            new OutboundTls(
                certificates, NullLogger<OutboundTls>.Instance), new Ends(_toConnecting.Reader, _toAccepting.Writer),
            AcceptingAddress, async context => received = await SendAsync(context.Transport, sent));
        return received;
    }

    /// <summary>Both ends; null if either of them refused the other.</summary>
    public async Task<byte[]?> TalkAsync(TlsCertificates accepting, TlsCertificates connecting, byte[] sent)
    {
        Task accepts = AcceptAsync(accepting);
        try
        {
            byte[] received = await ConnectAsync(connecting, sent);
            await accepts;
            return received;
        }
        catch (Exception e) when (e is ConnectionAbortedException or IOException)
        {
            await accepts.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return null;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        _closed.Dispose();
    }

    private async Task RunAsync(
        Orleans.Runtime.Messaging.IConnectionMiddleware middleware, IDuplexPipe pipe, IPAddress peer,
        ConnectionDelegate next)
    {
        var context = new DefaultConnectionContext("test", pipe, pipe)
        {
            RemoteEndPoint = new IPEndPoint(peer, 11_111),
            ConnectionClosed = _closed.Token,
        };
        try
        {
            await middleware.OnConnectionAsync(context, next).WaitAsync(_deadline);
        }
        finally
        {
            // As a socket does when it is closed.
            await pipe.Input.CompleteAsync();
            await pipe.Output.CompleteAsync();
        }
    }

    private static async Task EchoAsync(ConnectionContext context)
    {
        while (true)
        {
            ReadResult read = await context.Transport.Input.ReadAsync();
            foreach (ReadOnlyMemory<byte> piece in read.Buffer)
            {
                await context.Transport.Output.WriteAsync(piece);
            }

            context.Transport.Input.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
            {
                return;
            }
        }
    }

    private static async Task<byte[]> SendAsync(IDuplexPipe transport, byte[] sent)
    {
        Task<FlushResult> sending = transport.Output.WriteAsync(sent).AsTask();
        ReadResult read = await transport.Input.ReadAtLeastAsync(sent.Length);
        byte[] received = System.Buffers.BuffersExtensions.ToArray(read.Buffer);
        transport.Input.AdvanceTo(read.Buffer.End);
        await sending;
        return received;
    }

    private sealed record Ends(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}
