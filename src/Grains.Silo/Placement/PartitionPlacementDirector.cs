using Grains.Silo.Cluster;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Orleans.Placement;
using Orleans.Runtime;
using Orleans.Runtime.Placement;

namespace Grains.Silo.Placement;

/// <summary>Answers with the active server that the assignment over the present view names.</summary>
internal sealed class PartitionPlacementDirector(MembershipView membership, ClusterSettingsView settings) : IPlacementDirector
{
    private volatile Computed? _computed;

    public Task<SiloAddress> OnAddActivation(PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        SiloAddress[] compatible = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, compatible) is { } hint)
        {
            return Task.FromResult(hint);
        }

        PartitionId partition = PartitionKey.Parse(target.GrainIdentity.Key.ToString());
        ClusterMember[] servers = [.. membership.Active.Where(m => compatible.Contains(m.SiloAddress)).OrderBy(m => m.Name)];
        string names = string.Join('\n', servers.Select(s => s.Name));
        Computed computed = _computed is { } known && known.Names == names ? known : Compute(names, servers);
        return computed.Owners.TryGetValue(partition, out string? owner)
            ? Task.FromResult(servers.First(s => s.Name == owner).SiloAddress)
            : throw new SiloUnavailableException($"No active server may own partition {partition}.");
    }

    private Computed Compute(string names, ClusterMember[] servers)
    {
        IReadOnlyList<PartitionId> partitions = settings.Slots?.Partitions
            ?? throw new SiloUnavailableException("The cluster's settings are not read yet.");
        return _computed = new Computed(names, PartitionAssignment.Compute(servers.Select(s => s.Name), partitions));
    }

    private sealed record Computed(string Names, IReadOnlyDictionary<PartitionId, string> Owners);
}
