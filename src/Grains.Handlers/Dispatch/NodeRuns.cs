using Grains.Handlers.Calls;
using Grains.Handlers.Nodes;
using Grains.Handlers.Runs;
using Grains.Handlers.Servers;
using Grains.Operations.Declarations;
using Grains.StateMachines.Deliveries;

namespace Grains.Handlers.Dispatch;

/// <summary>Runs deliveries here, or where there is more room.</summary>
internal sealed class NodeRuns(DeliveryRuns runs, HandlerServers servers, IGrainFactory grains)
{
    /// <summary>This server can run it, and is about as busy as the least busy of the others.</summary>
    public bool IsHereBest(ServiceSnapshot service) =>
        servers.IsHereBest(service.Handler.Kind == HandlerKind.Hosted ? service.Name : null);

    /// <summary>From now on its lease is prolonged, until it is run.</summary>
    public Run Hold(DeliveryGiven given) => runs.Hold(given);

    /// <param name="run">Ends with this.</param>
    /// <param name="service">As declared.</param>
    /// <param name="concluding">Called when the handler is done, before what came of it is stored.</param>
    public Task<RunReport> RunHereAsync(Run run, ServiceSnapshot service, Action concluding) =>
        runs.RunAsync(run, Work(service, run.Given), service, concluding);

    /// <param name="run">Ends with this, here.</param>
    /// <param name="service">As declared.</param>
    public async Task<RunReport> RunElsewhereAsync(Run run, ServiceSnapshot service)
    {
        DeliveryGiven given = run.Given;
        runs.LetGo(run);
        try
        {
            return await grains.GetGrain<INodeGrain>(NodeKey.Of(service, given)).Run(Work(service, given));
        }
        catch (NoHandlerException e)
        {
            return await runs.GiveBackAsync(given, service, e.Message, counts: false);
        }
        catch (Exception e)
        {
            // The server that it ran on ended, perhaps because of it: without this its lease would have to run out.
            return await runs.GiveBackAsync(
                given, service, $"the server that it ran on was lost: {e.Message}", counts: true);
        }
    }

    private static NodeWork Work(ServiceSnapshot service, DeliveryGiven given) =>
        new() { Service = service.Name, ServiceId = service.Id.Value, Given = given };
}
