using Grains.Handlers.Calls;
using Grains.Handlers.Runs;
using Orleans.Concurrency;

namespace Grains.Handlers.Nodes;

/// <summary>
/// Lives while its node has something to do, and a while longer. Holds nothing: what is leased and what counts, the
/// node's partition knows.
/// </summary>
[GrainType("node"), NodePlacement, Reentrant, CollectionAgeLimit(Minutes = 2)]
internal sealed class NodeGrain(DeliveryRuns runs, ActiveNodes active) : Grain, INodeGrain
{
    private int _running;

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        active.Add();
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        active.Remove();
        return Task.CompletedTask;
    }

    public async Task<RunReport> Run(NodeWork work)
    {
        _running++;
        try
        {
            return await runs.RunAsync(runs.Hold(work.Given), work);
        }
        finally
        {
            if (--_running == 0 && active.AreMany)
            {
                DeactivateOnIdle();
            }
        }
    }
}
