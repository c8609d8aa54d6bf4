using Grains.Silo.Ownership;

namespace Grains.Simulation.Tests.World;

/// <summary>The membership that every server sees at once: who is alive.</summary>
internal sealed class SimMembers(SimWorld world) : IMembers
{
    public IEnumerable<ClusterMember> Active => Hosts;

    public IReadOnlyList<ClusterMember> Hosts =>
        [.. world.Servers.Where(s => s.IsAlive).Select(s => new ClusterMember(s.Address, SiloStatus.Active, s.Name))];
}
