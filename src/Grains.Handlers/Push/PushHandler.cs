using System.Collections.Concurrent;
using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using Grains.FrontEnd.Declarations;
using Grains.Handlers.Runs;
using Grains.StateMachines.Ids;

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
    public PushTargets TargetsOf(ServiceSnapshot service)
    {
        if (_targets.TryGetValue(service.Id, out PushTargets? known) && known.IsFor(service.Handler))
        {
            return known;
        }

        return _targets[service.Id] = new PushTargets(service.Handler, _time);
    }

    public void Forget(ServiceId service) => _targets.TryRemove(service, out _);

    public async Task<HandlerOutcome> HandleAsync(ServiceSnapshot service, Run run)
    {
        PushTargets targets = TargetsOf(service);
        if (targets.Take() is not { } target)
        {
            return new HandlerOutcome.Later(targets.Halt?.Why ?? "No URL of it answers.");
        }

        string? trouble = null;
        bool hasAnswered = false;
        using HttpRequestMessage request = PushRequest.Write(service, run.Given, target.Url, _time.GetUtcNow());
        try
        {
            using HttpResponseMessage response = await _http.SendAsync(request, run.Cancel);
            trouble = IsDown(response.StatusCode) ? $"{target.Url} answered {(int)response.StatusCode}" : null;
            HandlerOutcome outcome = await PushAnswer.ReadAsync(response, run.Cancel);
            hasAnswered = true;
            return outcome;
        }
        catch (OperationCanceledException) when (run.Reason is RunCancel.Lost or RunCancel.ServerStops)
        {
            throw;
        }
        catch (OperationCanceledException) when (request.Content is SentContent { WasSent: true })
        {
            trouble = $"{target.Url} did not answer in time";
            throw;
        }
        catch (OperationCanceledException)
        {
            trouble = $"{target.Url} was not reached: it took no connection in time";
            return new HandlerOutcome.Later(trouble);
        }
        catch (HttpRequestException e) when (NotReached(e) is { } why)
        {
            trouble = $"{target.Url} was not reached: {why}";
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

    private static void Settle(PushTargets targets, PushTargets.Taken target, bool hasAnswered, string? trouble)
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
