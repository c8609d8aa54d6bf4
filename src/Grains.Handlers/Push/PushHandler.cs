using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;
using Grains.StateMachines.Ids;

namespace Grains.Handlers.Push;

/// <summary>POSTs deliveries to the URLs of their service; the answer is the commit.</summary>
internal sealed class PushHandler : IDisposable
{
    private readonly ConcurrentDictionary<ServiceId, PushTargets> _targets = new();
    private readonly PushClient _client;
    private readonly TimeProvider _time;

    public PushHandler(HandlerOptions options, HandlerServers servers, TimeProvider time)
    {
        _time = time;
        _client = new PushClient(options, new PushAddresses(options.PushTo, servers.IsServer));
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
            return new HandlerOutcome.Later(targets.Suspension?.Why ?? "No URL of it answers.");
        }

        string? trouble = null;
        bool hasAnswered = false;
        using var sending = new PushSending(() => PushRequest.Write(service, run.Given, target.Url, _time.GetUtcNow()));
        try
        {
            using HttpResponseMessage response = await _client.SendAsync(sending, service.Name, run.Cancel);
            DateTimeOffset now = _time.GetUtcNow();
            trouble = IsDown(response, now) ? $"{target.Url} answered {(int)response.StatusCode}" : null;
            HandlerOutcome outcome = await PushAnswer.ReadAsync(response, service, now, run.Cancel);
            hasAnswered = true;
            return outcome;
        }
        catch (OperationCanceledException) when (run.Reason is RunCancel.Lost or RunCancel.ServerStops)
        {
            throw;
        }
        catch (OperationCanceledException) when (sending.WasSent)
        {
            trouble = $"{target.Url} did not answer in time";
            throw;
        }
        catch (OperationCanceledException)
        {
            trouble = $"{target.Url} was not reached: it took no connection in time";
            return new HandlerOutcome.Later(trouble);
        }
        catch (HttpRequestException e) when (!sending.IsRepeated && NotReached(e) is { } why)
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

    public void Dispose() => _client.Dispose();

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

    /// <summary>
    /// Said by what stands in front of a handler that is gone, or by one that is overloaded and names no time.
    /// </summary>
    private static bool IsDown(HttpResponseMessage response, DateTimeOffset now) => response.StatusCode
        is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
        && PushAnswer.AsksForTime(response, now) is null;

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
