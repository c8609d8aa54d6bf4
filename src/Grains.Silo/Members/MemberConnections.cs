using System.Net;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Grains.Silo.Members;

/// <summary>Every connection between servers without TLS begins with <see cref="MemberHandshake"/>.</summary>
internal abstract partial class MemberConnections(MemberSecret secret, TimeProvider time, ILogger logger)
    : IConnectionMiddleware
{
    /// <summary>Below the time that Orleans gives a new connection.</summary>
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(4);

    private readonly LogPace _pace = new(time);

    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        using (var deadline = new CancellationTokenSource(_deadline, time))
        using (var over = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed, deadline.Token))
        {
            try
            {
                await ProveAsync(context, secret, over.Token);
            }
            catch (Exception e) when (
                e is ConnectionAbortedException or ConnectionResetException or IOException or OperationCanceledException
                or InvalidOperationException)
            {
                string reason = e is not OperationCanceledException ? e.Message
                    : deadline.IsCancellationRequested ? $"no proof within {_deadline.TotalSeconds} s" : "it went away";
                MemberInstruments.CountRefused();
                if (_pace.MayWrite(out long unsaid))
                {
                    LogRefused(logger, context.RemoteEndPoint, LogText.Of(reason), unsaid);
                }

                throw new ConnectionAbortedException($"No connection with {context.RemoteEndPoint}: {reason}", e);
            }
        }

        await next(context);
    }

    protected abstract Task ProveAsync(ConnectionContext context, MemberSecret secret, CancellationToken cancel);

    [LoggerMessage(3221, LogLevel.Warning, "No connection with {Peer}: {Reason}. (Others not said: {Unsaid})")]
    private static partial void LogRefused(ILogger logger, EndPoint? peer, string reason, long unsaid);
}

/// <summary>Connections that others open.</summary>
internal sealed class InboundMembers(MemberSecret secret, TimeProvider time, ILogger<InboundMembers> logger)
    : MemberConnections(secret, time, logger)
{
    protected override Task ProveAsync(ConnectionContext context, MemberSecret secret, CancellationToken cancel) =>
        MemberHandshake.AcceptAsync(context.Transport, secret, context.LocalEndPoint, cancel);
}

/// <summary>Connections that this server opens.</summary>
internal sealed class OutboundMembers(MemberSecret secret, TimeProvider time, ILogger<OutboundMembers> logger)
    : MemberConnections(secret, time, logger)
{
    protected override Task ProveAsync(ConnectionContext context, MemberSecret secret, CancellationToken cancel) =>
        MemberHandshake.ConnectAsync(context.Transport, secret, context.RemoteEndPoint, cancel);
}
