using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Orleans.Runtime.Placement;

namespace Grains.Silo.Ownership;

/// <summary>Answers with the server that the assignment over the present view names.</summary>
internal sealed class PartitionPlacementDirector(PartitionOwners owners) : IPlacementDirector
{
    public Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        PartitionId partition = PartitionKey.Parse(target.GrainIdentity.Key.ToString());
        return owners.OwnerAmong(context.GetCompatibleSilos(target), partition) is { } owner
            ? Task.FromResult(owner)
            : throw new SiloUnavailableException($"No active server may own partition {partition}.");
    }
}
