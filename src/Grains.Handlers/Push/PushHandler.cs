using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Grains.FrontEnd.Declarations;
using Grains.Handlers.Runs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;

namespace Grains.Handlers.Push;

/// <summary>POSTs deliveries to the URLs of their service; the answer is the commit.</summary>
internal sealed class PushHandler : IDisposable
{
    private const int _headerKilobytesMax = 32;

    private readonly ConcurrentDictionary<ServiceId, PushTargets> _targets = new();
    private readonly HttpMessageInvoker _http;
    private readonly TimeProvider _time;

    public PushHandler(HandlerOptions options, TimeProvider time)
    {
        _time = time;
        _http = new HttpMessageInvoker(new SocketsHttpHandler
        {
            // A redirect, a proxy or a cookie would let an answer decide where the next request goes, or what is in it.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,

            // A small answer must not become a large one.
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = TimeSpan.FromMilliseconds(options.ConnectMsMax),
            ConnectCallback = new PushAddresses(options.PushTo).ConnectAsync,
            MaxResponseHeadersLength = _headerKilobytesMax,
            MaxResponseDrainSize = 0,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(60),
        });
    }

    /// <summary>Of the service as it is declared now.</summary>
    public PushTargets TargetsOf(ServiceSnapshot service) => _targets.AddOrUpdate(
        service.Id,
        _ => new PushTargets(service.Handler, _time),
        (_, known) => known.Handler.Equals(service.Handler) ? known : new PushTargets(service.Handler, _time));

    public void Forget(ServiceId service) => _targets.TryRemove(service, out _);

    public async Task<HandlerOutcome> HandleAsync(ServiceSnapshot service, DeliveryGiven given, CancellationToken cancel)
    {
        PushTargets targets = TargetsOf(service);
        if (targets.Take() is not { } target)
        {
            return new HandlerOutcome.Later(targets.Halt?.Why ?? "No URL of it answers.");
        }

        string? trouble = null;
        bool hasAnswered = false;
        try
        {
            using HttpRequestMessage request = PushRequest.Write(service, given, target.Url, _time.GetUtcNow());
            using HttpResponseMessage response = await _http.SendAsync(request, cancel);
            trouble = IsDown(response.StatusCode) ? $"{target.Url} answered {(int)response.StatusCode}" : null;
            HandlerOutcome outcome = await PushAnswer.ReadAsync(response, cancel);
            hasAnswered = true;
            return outcome;
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The time was over: perhaps it is stuck. A delivery that was lost says nothing of it.
            trouble = $"{target.Url} did not answer in time";
            throw;
        }
        catch (HttpRequestException e) when (NotReached(e) is { } why)
        {
            trouble = $"{target.Url} was not reached: {why}";
            return new HandlerOutcome.Later(trouble);
        }
        catch (OperationCanceledException)
        {
            trouble = $"{target.Url} was not reached: it took no connection in time";
            return new HandlerOutcome.Later(trouble);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            trouble = $"{target.Url} broke off: {Innermost(e).Message}";
            return new HandlerOutcome.Failed(trouble);
        }
        finally
        {
            Settle(targets, target, hasAnswered, trouble);
        }
    }

    public void Dispose() => _http.Dispose();

    private static void Settle(PushTargets targets, PushTargets.Target target, bool hasAnswered, string? trouble)
    {
        if (trouble is not null)
        {
            targets.Failed(target, trouble);
        }
        else if (hasAnswered)
        {
            targets.Succeeded(target);
        }
        else
        {
            targets.GivenUp(target);
        }
    }

    /// <summary>Said by what stands in front of a handler that is gone, or by one that is overloaded.</summary>
    private static bool IsDown(HttpStatusCode status) => status
        is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    /// <summary>Null: the request may have been read.</summary>
    private static string? NotReached(HttpRequestException e) => Innermost(e) switch
    {
        PushRefusedException refused => refused.Message,
        SocketException { SocketErrorCode: SocketError.ConnectionRefused } => "connection refused",
        var inner when e.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError
            or HttpRequestError.SecureConnectionError => inner.Message,
        _ => null,
    };

    private static Exception Innermost(Exception e)
    {
        Exception inner = e;
        while (inner.InnerException is { } next)
        {
            inner = next;
        }

        return inner;
    }
}
