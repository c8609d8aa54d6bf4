using System.Diagnostics;
using Grains.Api.Problems;
using Grains.Handlers.Runs;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.StateMachines.Deliveries;

namespace Grains.Handlers.Calls;

/// <summary>Takes a delivery through its handler, and makes what came of it durable. Any thread.</summary>
internal sealed partial class DeliveryRuns(
    RunKeeper keeper, DeclarationCatalog catalog, HandlerCalls handlers, RunConclusion conclusion)
{
    /// <summary>
    /// From now on its lease is prolonged; to be given to <see cref="RunAsync"/> or <see cref="LetGo"/>.
    /// </summary>
    public Run Hold(DeliveryGiven given) => keeper.Begin(given);

    /// <summary>Somebody else goes on with it.</summary>
    public void LetGo(Run run) => keeper.End(run);

    /// <summary>However it ends, its delivery has ended too, unless its partition did not answer for long.</summary>
    /// <param name="run">Ends with this.</param>
    /// <param name="work">The delivery, and whose it is.</param>
    /// <param name="known">The declaration, where it was just read; else it is looked up.</param>
    /// <param name="concluding">Called when the handler is done, before what came of it is stored.</param>
    public async Task<RunReport> RunAsync(
        Run run, NodeWork work, ServiceSnapshot? known = null, Action? concluding = null)
    {
        try
        {
            (ServiceSnapshot? service, string? trouble) = known is null ? await FindAsync(work) : (known, null);
            if (service is null || keeper.IsStopping)
            {
                return await conclusion.RejectAsync(
                    run, work.Service, null, new HandlerOutcome.Later(trouble ?? "The server is about to stop."));
            }

            run.Start(keeper.NowMs, service.Handler.TimeoutMs);
            TimeSpan begun = keeper.Now;
            using Activity? activity = RunTrace.Begin(service, work.Given);
            HandlerOutcome outcome = await handlers.HandleAsync(run, service);
            run.IsConcluding = true;
            concluding?.Invoke();
            RunReport report = await conclusion.ConcludeAsync(run, service, outcome);
            RunTrace.End(activity, report);
            Count(service, report, keeper.Now - begun);
            return report;
        }
        finally
        {
            keeper.End(run);
        }
    }

    /// <summary>Nobody works on it any more: the messages go back.</summary>
    /// <param name="given">The delivery.</param>
    /// <param name="service">Whose it is.</param>
    /// <param name="why">For people.</param>
    /// <param name="counts">A handler may have been asked.</param>
    public async Task<RunReport> GiveBackAsync(DeliveryGiven given, ServiceSnapshot service, string why, bool counts)
    {
        Run run = Hold(given);
        try
        {
            return await conclusion.RejectAsync(
                run, service.Name, service, counts ? new HandlerOutcome.Failed(why) : new HandlerOutcome.Later(why));
        }
        finally
        {
            LetGo(run);
        }
    }

    /// <summary>No handler is asked if it cannot be read, whatever the reason, so that is no attempt.</summary>
    private async ValueTask<(ServiceSnapshot? Service, string? Trouble)> FindAsync(NodeWork work)
    {
        try
        {
            Result<ServiceSnapshot> found = await catalog.FindServiceAsync(work.Service);
            return !found.TryGet(out ServiceSnapshot? service, out OperationError? error)
                    && error.Code != ProblemCode.ServiceNotFound ? (null, Unread(error.Detail))
                : service is { Handler.Kind: not HandlerKind.Pull }
                && service.Id.Value == work.ServiceId ? (service, null)
                : (null, "The service was declared anew while the delivery was on its way.");
        }
        catch (Exception e)
        {
            return (null, Unread(e.Message));
        }
    }

    private static string Unread(string why) => $"The service's declaration could not be read: {why}";
}
