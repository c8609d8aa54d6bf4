using System.Collections.Immutable;
using Orleans.Metadata;

namespace Grains.Silo.Ownership;

/// <summary>The cluster as this server sees it now.</summary>
/// <param name="membership">Who is a member.</param>
/// <param name="manifests">Which grain classes each of them has.</param>
/// <param name="types">Names the class of partitions.</param>
/// <param name="isAlone">
/// One process that is the whole cluster: its membership begins anew at each start, so its version says nothing.
/// </param>
internal sealed class MembershipView(
    IClusterMembershipService membership, IClusterManifestProvider manifests, GrainTypeResolver types, bool isAlone)
    : IMembers
{
    private readonly GrainType _partition = types.GetGrainType(typeof(PartitionGrain));
    private volatile HostsThen? _hosts;

    /// <summary>What a journal compares between acquirers.</summary>
    public long Version => isAlone ? 0 : membership.CurrentSnapshot.Version.Value;

    public long Number => membership.CurrentSnapshot.Version.Value;

    public IEnumerable<ClusterMember> Active =>
        membership.CurrentSnapshot.Members.Values.Where(m => m.Status == SiloStatus.Active);

    /// <summary>
    /// The active members that can own partitions, as the placement sees them: those known to have the class. A member
    /// whose classes were not fetched yet, moments after it joined, is none of them, here and for the placement alike.
    /// </summary>
    public IReadOnlyList<ClusterMember> Hosts
    {
        get
        {
            ClusterMembershipSnapshot members = membership.CurrentSnapshot;
            ImmutableDictionary<SiloAddress, GrainManifest> classes = manifests.Current.Silos;
            if (_hosts is { } then && then.Members == members && then.Classes == classes)
            {
                return then.Hosts;
            }

            ClusterMember[] hosts = [.. members.Members.Values.Where(m => m.Status == SiloStatus.Active
                && classes.TryGetValue(m.SiloAddress, out GrainManifest? has) && has.Grains.ContainsKey(_partition))];
            _hosts = new HostsThen(members, classes, hosts);
            return hosts;
        }
    }

    public IAsyncEnumerable<ClusterMembershipSnapshot> Updates => membership.MembershipUpdates;

    /// <summary>
    /// What a member has is known only some time after the member: <see cref="Hosts"/> changes then too.
    /// </summary>
    public IAsyncEnumerable<ClusterManifest> ClassUpdates => manifests.Updates;

    /// <summary>Reads the members again: until their version is this one, or once.</summary>
    public ValueTask RefreshAsync(long atLeast = 0) =>
        isAlone ? default : membership.Refresh(atLeast == 0 ? default : new MembershipVersion(atLeast));

    private sealed record HostsThen(
        ClusterMembershipSnapshot Members, ImmutableDictionary<SiloAddress, GrainManifest> Classes,
        ClusterMember[] Hosts);
}
