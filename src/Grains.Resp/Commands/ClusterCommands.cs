using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Slots;

namespace Grains.Resp.Commands;

/// <summary>
/// CLUSTER: slots are those of Redis Cluster. Every server finds the way to every partition, so each says that it has
/// all of them.
/// </summary>
internal sealed class ClusterCommands(RespSurroundings around)
{
    public IEnumerable<RespCommand> All => [new("cluster", -2) { Answer = Answer }];

    private Pending Answer(Session session, Arguments words) => (words.Text(1).ToLowerInvariant(), words.Count) switch
    {
        ("keyslot", 3) => Slot(words[2]),
        ("myid", 2) => new ReadyReply(to => to.Bulk(around.NodeId)),
        ("info", 2) => Info(),
        ("nodes", 2) => Nodes(),
        ("slots", 2) => new ReadyReply(Slots),
        ("shards", 2) => new ReadyReply(Shards),
        ("keyslot" or "myid" or "info" or "nodes" or "slots" or "shards", _) =>
            ReadyReply.Refuse(
                $"ERR wrong number of arguments for 'cluster|{words.Text(1).ToLowerInvariant()}' command"),
        _ => ReadyReply.Refuse(
            $"ERR unknown subcommand '{words.Text(1)}'. Try CLUSTER KEYSLOT, MYID, INFO, NODES, SLOTS or SHARDS."),
    };

    private static ReadyReply Slot(ReadOnlySpan<byte> key)
    {
        int slot = PlacementKey.SlotOfSpreadKey(key);
        return new ReadyReply(to => to.Integer(slot));
    }

    private static ReadyReply Info() => new(to => to.Verbatim(string.Join("\r\n",
    [
        "cluster_state:ok", $"cluster_slots_assigned:{SlotMap.SlotCount}", $"cluster_slots_ok:{SlotMap.SlotCount}",
        "cluster_slots_pfail:0", "cluster_slots_fail:0", "cluster_known_nodes:1", "cluster_size:1",
        "cluster_current_epoch:1", "cluster_my_epoch:1", "",
    ])));

    private ReadyReply Nodes() => new(to => to.Verbatim(
        $"{around.NodeId} {around.Host}:{around.Port}@{around.Port} myself,master - 0 0 1 connected "
        + $"0-{RespSurroundings.LastSlot}\n"));

    private void Slots(RespWriter to)
    {
        to.Array(1);
        to.Array(3);
        to.Integer(0);
        to.Integer(RespSurroundings.LastSlot);
        to.Array(4);
        to.Bulk(around.Host);
        to.Integer(around.Port);
        to.Bulk(around.NodeId);
        to.Array(0);
    }

    private void Shards(RespWriter to)
    {
        to.Array(1);
        to.Map(2);
        to.Bulk("slots");
        to.Array(2);
        to.Integer(0);
        to.Integer(RespSurroundings.LastSlot);
        to.Bulk("nodes");
        to.Array(1);
        to.Map(7);
        Pair(to, "id", around.NodeId);
        to.Bulk("port");
        to.Integer(around.Port);
        Pair(to, "ip", around.Host);
        Pair(to, "endpoint", around.Host);
        Pair(to, "role", "master");
        to.Bulk("replication-offset");
        to.Integer(0);
        Pair(to, "health", "online");
    }

    private static void Pair(RespWriter to, string name, string value)
    {
        to.Bulk(name);
        to.Bulk(value);
    }
}
