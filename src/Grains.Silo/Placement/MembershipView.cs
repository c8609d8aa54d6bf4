using Orleans.Runtime;

namespace Grains.Silo.Placement;

/// <summary>The cluster as this server sees it now.</summary>
/// <param name="isAlone">
/// One process that is the whole cluster: its membership begins anew at each start, so its version says nothing.
/// </param>
internal sealed class MembershipView(IClusterMembershipService membership, bool isAlone)
{
    /// <summary>What a journal compares between acquirers.</summary>
    public long Version => isAlone ? 0 : membership.CurrentSnapshot.Version.Value;

    public long Number => membership.CurrentSnapshot.Version.Value;

    public IEnumerable<ClusterMember> Active =>
        membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active);

    /// <summary>Those that may have partitions.</summary>
    public IEnumerable<ClusterMember> Hosts => Active;

    public IAsyncEnumerable<ClusterMembershipSnapshot> Updates => membership.MembershipUpdates;

    /// <summary>Reads the members again: until their version is this one, or once.</summary>
    public ValueTask RefreshAsync(long atLeast = 0) =>
        isAlone ? default : membership.Refresh(atLeast == 0 ? default : new MembershipVersion(atLeast));
}
