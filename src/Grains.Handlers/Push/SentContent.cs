using System.Net;

namespace Grains.Handlers.Push;

/// <summary>A body that knows whether it went out: a request of which nothing did was no attempt.</summary>
internal sealed class SentContent(byte[] body) : HttpContent
{
    private volatile bool _wasSent;

    public bool WasSent => _wasSent;

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(
        Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _wasSent = true;
        return stream.WriteAsync(body, cancellationToken).AsTask();
    }

    protected override bool TryComputeLength(out long length)
    {
        length = body.Length;
        return true;
    }
}
