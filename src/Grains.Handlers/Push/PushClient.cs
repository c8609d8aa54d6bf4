using System.Diagnostics.Metrics;
using System.Net;
using Grains.Silo.Telemetry;

namespace Grains.Handlers.Push;

/// <summary>
/// Sends push requests. A peer may close a connection whenever it likes, also in the moment in which the next request
/// goes out: a request on a connection that was used before, of whose answer not a byte came, is sent once more on a
/// new one.
/// </summary>
internal sealed class PushClient : IDisposable
{
    private const int _headerKilobytesMax = 32;

    /// <summary>Of an answer that is not read: more is not worth the connection that it is on.</summary>
    private const int _drainBytesMax = 16 << 10;

    private static readonly TimeSpan _drainMax = TimeSpan.FromSeconds(2);

    private static readonly Counter<long> _reconnects = GrainsMeter.Instance.CreateCounter<long>(
        "grains.handlers.reconnects", null,
        "Push requests sent once more: their connection was closed before they were answered.");

    private readonly HttpMessageInvoker _pooled;
    private readonly HttpMessageInvoker _new;

    public PushClient(HandlerOptions options, PushAddresses addresses)
    {
        _pooled = Create(TimeSpan.FromMinutes(2));
        _new = Create(TimeSpan.Zero);

        HttpMessageInvoker Create(TimeSpan lifetime) => new(new SocketsHttpHandler
        {
            // A redirect, a proxy or a cookie would let an answer decide where the next request goes, or what is in it.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,

            // A small answer must not become a large one.
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromMilliseconds(options.ConnectMsMax),
            ConnectCallback = addresses.ConnectAsync,
            PlaintextStreamFilter = (context, _) =>
                ValueTask.FromResult<Stream>(new PushConnection(context.PlaintextStream)),
            MaxResponseHeadersLength = _headerKilobytesMax,
            MaxResponseDrainSize = _drainBytesMax,
            ResponseDrainTimeout = _drainMax,
            PooledConnectionLifetime = lifetime,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        });
    }

    /// <summary>The answer's headers; the body is still to be read.</summary>
    /// <param name="sending">What is known of the request, also when this throws.</param>
    /// <param name="service">For the metric.</param>
    /// <param name="cancel">Ends it.</param>
    public async Task<HttpResponseMessage> SendAsync(PushSending sending, string service, CancellationToken cancel)
    {
        var exchange = PushExchange.Begin();
        HttpResponseMessage response;
        try
        {
            response = await _pooled.SendAsync(sending.Write(), cancel);
        }
        catch (Exception e) when (
            e is HttpRequestException or IOException && exchange.WasStale && !cancel.IsCancellationRequested)
        {
            sending.IsRepeated = true;
            _reconnects.Add(1, new KeyValuePair<string, object?>("service", service));
            exchange = PushExchange.Begin();
            response = await _new.SendAsync(sending.Write(), cancel);
        }

        Settle(exchange.Connection, response);
        return response;
    }

    public void Dispose()
    {
        _pooled.Dispose();
        _new.Dispose();
    }

    private static void Settle(PushConnection? connection, HttpResponseMessage response)
    {
        if (response.Version.Minor == 0
            && response.Headers.Connection.Contains("keep-alive", StringComparer.OrdinalIgnoreCase))
        {
            connection?.Keep();
        }

        // What follows is not the next answer, though it would be read as such.
        if (response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified
            && (response.Content.Headers.ContentLength > 0 || response.Headers.TransferEncodingChunked == true))
        {
            connection?.End();
        }
    }
}

/// <summary>One delivery's request, written anew for each time it is sent.</summary>
internal sealed class PushSending(Func<HttpRequestMessage> write) : IDisposable
{
    private readonly List<HttpRequestMessage> _written = [];

    /// <summary>It was sent once more: the first one may have been read.</summary>
    public bool IsRepeated { get; set; }

    /// <summary>Something of it went out.</summary>
    public bool WasSent => _written.Exists(r => r.Content is SentContent { WasSent: true });

    public HttpRequestMessage Write()
    {
        HttpRequestMessage request = write();
        _written.Add(request);
        return request;
    }

    public void Dispose() => _written.ForEach(r => r.Dispose());
}
