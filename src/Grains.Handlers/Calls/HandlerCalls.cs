using Grains.Handlers.Hosted;
using Grains.Handlers.Push;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Operations.Syntax;

namespace Grains.Handlers.Calls;

/// <summary>Calls the handler of a delivery: a URL, or a class of this server.</summary>
internal sealed class HandlerCalls(PushHandler push, HostedHandlers hosted)
{
    /// <summary>Never longer than the run lasts, whatever the handler does.</summary>
    public async Task<HandlerOutcome> HandleAsync(Run run, ServiceSnapshot service)
    {
        try
        {
            // A push ends soon after it is cancelled, and knows whether it was an attempt. A class may do what it
            // likes.
            HandlerOutcome outcome = service.Handler.Kind == HandlerKind.Push
                ? await push.HandleAsync(service, run)
                : await hosted.HandleAsync(service, run.Given, run.Cancel).WaitAsync(run.Cancel);
            return run.Reason == RunCancel.None || outcome is HandlerOutcome.Later ? outcome : Cancelled(run, service);
        }
        catch (OperationCanceledException) when (run.Reason != RunCancel.None)
        {
            return Cancelled(run, service);
        }
        catch (Exception e)
        {
            return new HandlerOutcome.Failed(Reasons.Of(e));
        }
    }

    private static HandlerOutcome Cancelled(Run run, ServiceSnapshot service) => run.Reason switch
    {
        RunCancel.Lost => new HandlerOutcome.Lost(),
        RunCancel.ServerStops => new HandlerOutcome.Later("The server that ran it was asked to stop."),
        _ => new HandlerOutcome.Failed(
            $"no answer within {Durations.Write(service.Handler.TimeoutMs)} ('handler.timeout')"),
    };
}
