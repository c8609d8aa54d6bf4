namespace Grains.Silo.Ownership;

/// <summary>
/// Who is in the cluster, as one server sees it now: from Orleans, or from a world that a test plays. Any thread.
/// </summary>
internal interface IMembers
{
    IEnumerable<ClusterMember> Active { get; }

    /// <summary>The active ones that can own partitions.</summary>
    IReadOnlyList<ClusterMember> Hosts { get; }
}
