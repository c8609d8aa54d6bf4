using System.Diagnostics.Metrics;
using System.Globalization;
using System.Net;
using Grains.Operations.Declarations;
using Grains.Operations.Keyspaces;
using Grains.Resp.Sessions;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Slots;

namespace Grains.Resp.Cluster;

/// <summary>
/// Which server has which slots, for clients that go straight to the owner, and who of them is sent on. Every server
/// finds the way to every partition, so a map that is a moment old costs a detour, and whoever knows no map is served
/// anywhere.
/// </summary>
/// <param name="port">This server's port.</param>
/// <param name="partitions">All of them.</param>
/// <param name="doors">What is known of the servers; null = this one is alone.</param>
internal sealed class ClusterMap(RespPort port, IPartitions partitions, PartitionDoors? doors = null)
{
    private static readonly Counter<long> _moved = GrainsMeter.Instance.CreateCounter<long>(
        "grains.resp.moved", null, "Commands of Redis clients that were sent to the server of their key.");

    /// <summary>There may be other servers.</summary>
    public bool IsCluster => doors is { AreMany: true };

    public string Mode => IsCluster ? "cluster" : "standalone";

    /// <summary>Every partition has been served, as far as this server sees.</summary>
    public bool IsReady => partitions.IsReady;

    public string OwnId => ClusterNode.IdOf(OwnName, port.Place.Host, port.Place.Port);

    private string OwnName => doors?.Own.Server ?? Environment.MachineName;

    /// <summary>The port listens: the other servers may send clients to it.</summary>
    public void Open() => doors?.Open(new ClientDoor(port.Place.Host, port.Place.Port));

    public void Close() => doors?.Open(null);

    /// <summary>
    /// The servers in order of their names, each with its slots; all slots are somebody's. Those of a partition that
    /// nobody is known to serve, or one that clients do not reach, are spread over the others: they find the way.
    /// </summary>
    /// <param name="to">Where the client has reached this server.</param>
    /// <exception cref="SettingsUnknownException">It is not known yet which partitions there are.</exception>
    public List<ClusterNode> Read(IPEndPoint? to)
    {
        ServedPartitions[] open = IsCluster
            ? [.. doors!.All.Where(s => s.Door is not null).OrderBy(s => s.Server, StringComparer.Ordinal)]
            : [];
        if (open.Length == 0)
        {
            var alone = new ClusterNode(OwnName, HostFor(to), port.Place.Port, IsSelf: true);
            alone.Add(new SlotRange(0, SlotMap.SlotCount - 1, default));
            return [alone];
        }

        string own = OwnName;
        List<ClusterNode> nodes =
        [
            .. open.Select(s => s.Server == own
                ? new ClusterNode(own, HostFor(to), port.Place.Port, IsSelf: true)
                : new ClusterNode(s.Server, s.Door!.Host, s.Door.Port, IsSelf: false)),
        ];
        var owners = new Dictionary<PartitionId, int>();
        for (int i = 0; i < open.Length; i++)
        {
            foreach (PartitionId partition in open[i].Partitions)
            {
                owners.TryAdd(partition, i);
            }
        }

        foreach (SlotRange range in partitions.Slots.ToRanges())
        {
            int owner = owners.TryGetValue(range.Partition, out int known)
                ? known
                : (int)(range.Partition.Value % (uint)nodes.Count);
            nodes[owner].Add(range);
        }

        return nodes;
    }

    /// <summary>
    /// What a client is told whose command is another server's; null = it is carried out from here. Sent on is who
    /// asked for the map, for a plain command of keys whose partition that server said that it serves: so it is not
    /// sent to and fro while partitions move.
    /// </summary>
    /// <param name="session">Whose.</param>
    /// <param name="keyspace">Of the keys. Those of an ordered one are where its name is: slots say nothing.</param>
    /// <param name="first">What the command does with its first key.</param>
    /// <param name="all">What it does with all of them; null = there is one.</param>
    public string? Redirect(Session session, KeyspaceSnapshot keyspace, KeyAction first, KeyAction[]? all)
    {
        if (!IsCluster || !(session.KnowsMap || port.AlwaysRedirects) || keyspace.Layout != KeyspaceLayout.Spread
            || Elsewhere(keyspace, first) is not { } there)
        {
            return null;
        }

        foreach (KeyAction action in all ?? [])
        {
            if (Elsewhere(keyspace, action)?.Server != there.Server)
            {
                return null;
            }
        }

        _moved.Add(1);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"MOVED {keyspace.SlotOf(first.Key)} {there.Door!.Host}:{there.Door.Port}");
    }

    /// <summary>Where the keys of a slot begin.</summary>
    public KeyPlace? PlaceOf(KeyspaceSnapshot keyspace, int slot)
    {
        int index = keyspace.Partitions(partitions.Slots).ToList().IndexOf(partitions.Slots.PartitionOf(slot));
        return index < 0 ? null : new KeyPlace(index, Utf8Name.Empty);
    }

    private ServedPartitions? Elsewhere(KeyspaceSnapshot keyspace, KeyAction action) =>
        doors!.Elsewhere(keyspace.PartitionOf(partitions.Slots, action.Key));

    /// <summary>A client can use the address by which it came, where nobody named another.</summary>
    private string HostFor(IPEndPoint? to) =>
        !port.IsEverywhere || to is null ? port.Place.Host
        : to.Address.IsIPv4MappedToIPv6 ? to.Address.MapToIPv4().ToString()
        : to.Address.ToString();
}
