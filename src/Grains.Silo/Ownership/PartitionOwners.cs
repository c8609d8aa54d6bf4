using Grains.Silo.Cluster;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>
/// Which server each partition belongs to, as this server sees the cluster now: the assignment over the active servers
/// that may have partitions, without those that are drained or about to stop. Any thread.
/// </summary>
internal sealed class PartitionOwners(IMembers membership, ClusterSettingsView settings, LeavingServers leaving)
{
    private static readonly Computed _none = new([], new Dictionary<PartitionId, string>());

    private volatile Computed? _computed;

    /// <summary>
    /// What is assigned now; empty while nobody may have partitions, or the settings are not read yet.
    /// </summary>
    public IReadOnlyDictionary<PartitionId, string> All => Now([.. Servers]).Owners;

    /// <summary>Those that partitions are assigned to.</summary>
    public IEnumerable<ClusterMember> Servers => membership.Hosts.Where(IsWilling);

    /// <summary>Null = nobody may have it, or that is not known here yet.</summary>
    public string? OwnerOf(PartitionId partition) => All.GetValueOrDefault(partition);

    /// <summary>The owner among <paramref name="compatible"/> ones; null = none of them may have it.</summary>
    public SiloAddress? OwnerAmong(SiloAddress[] compatible, PartitionId partition)
    {
        ClusterMember[] servers = [.. Servers.Where(m => compatible.Contains(m.SiloAddress))];
        return Now(servers).Owners.TryGetValue(partition, out string? owner)
            ? servers.First(s => s.Name == owner).SiloAddress
            : null;
    }

    /// <summary>Null = no such server is there.</summary>
    public SiloAddress? AddressOf(string server) =>
        membership.Active.FirstOrDefault(m => m.Name == server)?.SiloAddress;

    private bool IsWilling(ClusterMember server) =>
        settings.Settings?.Drained.Contains(server.Name) != true && !leaving.Contains(server.SiloAddress);

    private Computed Now(ClusterMember[] servers)
    {
        string[] names =
        [
            .. servers.Select(s => s.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
        ];
        if (_computed is { } known && known.Names.AsSpan().SequenceEqual(names))
        {
            return known;
        }

        return settings.Slots is { } slots
            ? _computed = new Computed(names, PartitionAssignment.Compute(names, slots.Partitions))
            : _none;
    }

    private sealed record Computed(string[] Names, IReadOnlyDictionary<PartitionId, string> Owners);
}
