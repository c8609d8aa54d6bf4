namespace Grains.Silo.Ownership;

/// <summary>This server among the others of its cluster.</summary>
/// <param name="name">This server's name in the membership.</param>
/// <param name="address">Its address there.</param>
/// <param name="membership">Who is a member.</param>
/// <param name="leaving">Who is to get no partition.</param>
/// <param name="servers">How they are asked.</param>
internal sealed class ClusterPeers(
    string name, SiloAddress address, MembershipView membership, LeavingServers leaving, IServerServiceClient servers)
{
    public string Name => name;

    public SiloAddress Address => address;

    public MembershipView Membership => membership;

    public LeavingServers Leaving => leaving;

    /// <summary>The active ones, without this server.</summary>
    public IEnumerable<ClusterMember> Others => membership.Active.Where(m => m.Name != name);

    public IServerService At(SiloAddress server) => servers.At(server);
}
