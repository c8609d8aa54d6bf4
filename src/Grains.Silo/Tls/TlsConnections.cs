using System.IO.Pipelines;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging;
using Orleans.Runtime.Messaging;

namespace Grains.Silo.Tls;

/// <summary>
/// Mutual TLS on every connection between servers, before Orleans reads a byte. Both ends show a certificate and both
/// judge it by <see cref="PeerRules"/>.
/// </summary>
internal abstract partial class TlsConnections(TlsCertificates certificates, ILogger logger) : IConnectionMiddleware
{
    /// <summary>One record of TLS: fewer and larger ones than by the pages that pipes use.</summary>
    private const int _bufferBytes = 16 << 10;

    /// <summary>Subjects of certificates are as long as their issuer likes.</summary>
    private const int _reasonCharsMax = 500;

    protected const SslProtocols Versions = SslProtocols.Tls12 | SslProtocols.Tls13;

    private readonly LogPace _pace = new(TimeProvider.System);

    public async Task OnConnectionAsync(ConnectionContext context, ConnectionDelegate next)
    {
        IDuplexPipe plain = context.Transport;
        await using var secure = new SslStream(new PipeStream(plain));
        await HandshakeAsync(secure, context);
        PipeReader input = PipeReader.Create(
            secure, new StreamPipeReaderOptions(bufferSize: _bufferBytes, leaveOpen: true));
        PipeWriter output = PipeWriter.Create(
            secure, new StreamPipeWriterOptions(minimumBufferSize: _bufferBytes, leaveOpen: true));
        context.Transport = new SecurePipe(input, output);
        try
        {
            await next(context);
        }
        finally
        {
            context.Transport = plain;
            await input.CompleteAsync();
            await output.CompleteAsync();
        }
    }

    /// <summary>What the other end is to be good for.</summary>
    protected abstract PeerPurpose Peer { get; }

    protected abstract Task AuthenticateAsync(
        SslStream secure, TlsIdentity own, IPAddress? peer, RemoteCertificateValidationCallback judge,
        CancellationToken cancel);

    private async Task HandshakeAsync(SslStream secure, ConnectionContext context)
    {
        IPAddress? peer = (context.RemoteEndPoint as IPEndPoint)?.Address;
        string? refusal = null;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(context.ConnectionClosed);
        deadline.CancelAfter(certificates.Options.HandshakeDeadline);
        try
        {
            await AuthenticateAsync(
                secure,
                certificates.Current,
                peer,
                (_, certificate, chain, errors) => (refusal = Judge(certificate, chain, errors, peer)) is null,
                deadline.Token);
        }
        catch (Exception e) when (
            e is AuthenticationException or IOException or OperationCanceledException or InvalidOperationException)
        {
            bool isLate = e is OperationCanceledException && !context.ConnectionClosed.IsCancellationRequested;
            string reason = refusal ?? (isLate
                ? $"no handshake within {certificates.Options.HandshakeDeadline.TotalSeconds} s"
                : e.InnerException?.Message ?? e.Message);
            if (_pace.MayWrite(out long unsaid))
            {
                LogRefused(logger, context.RemoteEndPoint, LogText.Of(reason.TrimEnd('.'), _reasonCharsMax), unsaid);
            }

            throw new ConnectionAbortedException($"No TLS with {context.RemoteEndPoint}: {reason}", e);
        }
    }

    private string? Judge(X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors, IPAddress? peer)
    {
        if (certificate is not X509Certificate2 shown || errors.HasFlag(SslPolicyErrors.RemoteCertificateNotAvailable))
        {
            return "it shows no certificate";
        }

        // The name that TLS asked for is not the rule here: the names of the cluster and of the address are.
        return errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors)
            ? $"its certificate {shown.Subject} is refused: {PeerRules.Describe(chain)}"
            : (PeerRules.RefuseUse(shown, Peer)
                ?? PeerRules.RefuseName(shown, peer, certificates.Options.Cluster)) is { } why
                ? $"its certificate {shown.Subject} is refused: {why}"
                : null;
    }

    [LoggerMessage(3211, LogLevel.Warning, "No connection with {Peer}: {Reason}. (Others not said: {Unsaid})")]
    private static partial void LogRefused(ILogger logger, EndPoint? peer, string reason, long unsaid);

    private sealed record SecurePipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
}

/// <summary>Connections that others open: the other end is to be one that may connect.</summary>
internal sealed class InboundTls(TlsCertificates certificates, ILogger<InboundTls> logger)
    : TlsConnections(certificates, logger)
{
    protected override PeerPurpose Peer => PeerPurpose.Connects;

    protected override Task AuthenticateAsync(
        SslStream secure, TlsIdentity own, IPAddress? peer, RemoteCertificateValidationCallback judge,
        CancellationToken cancel) =>
        secure.AuthenticateAsServerAsync(
            new SslServerAuthenticationOptions
            {
                ServerCertificateContext = own.Context,
                ClientCertificateRequired = true,
                CertificateChainPolicy = own.Policy(Peer),
                RemoteCertificateValidationCallback = judge,
                EnabledSslProtocols = Versions,
                AllowRenegotiation = false,

                // A resumed session would not be judged by the certificates of now.
                AllowTlsResume = false,
            },
            cancel);
}

/// <summary>Connections that this server opens: the other end is to be one that may accept.</summary>
internal sealed class OutboundTls(TlsCertificates certificates, ILogger<OutboundTls> logger)
    : TlsConnections(certificates, logger)
{
    protected override PeerPurpose Peer => PeerPurpose.Accepts;

    protected override Task AuthenticateAsync(
        SslStream secure, TlsIdentity own, IPAddress? peer, RemoteCertificateValidationCallback judge,
        CancellationToken cancel) =>
        secure.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = peer?.ToString() ?? "",
                ClientCertificateContext = own.Context,
                CertificateChainPolicy = own.Policy(Peer),
                RemoteCertificateValidationCallback = judge,
                EnabledSslProtocols = Versions,
                AllowRenegotiation = false,
                AllowTlsResume = false,
            },
            cancel);
}
