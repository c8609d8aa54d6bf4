using System.Globalization;
using System.Text;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Keyspaces;
using Grains.Resp.Cluster;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Slots;

namespace Grains.Resp.Commands;

/// <summary>What clients of Redis Cluster ask. Slots are those of Redis; a partition is a run of them.</summary>
internal sealed class ClusterCommands(
    ClusterMap map, KeyActionOperations keys, Databases databases, RespPort port)
{
    private const int _pageMax = 1_000;

    public IEnumerable<RespCommand> All =>
    [
        new("cluster", -2) { Run = AnswerAsync },
        new("readonly", 1) { Answer = (_, _) => ReadyReply.Ok },
        new("readwrite", 1) { Answer = (_, _) => ReadyReply.Ok },
        new("asking", 1) { Answer = (_, _) => ReadyReply.Ok },
    ];

    private async Task<Pending> AnswerAsync(Session session, Arguments words, Caller caller)
    {
        string what = words.Text(1).ToLowerInvariant();
        try
        {
            return (what, words.Count) switch
            {
                ("keyslot", 3) => Slot(words[2]),
                ("myid", 2) => new ReadyReply(to => to.Bulk(map.OwnId)),
                ("info", 2) => Info(map.Read(session.To)),
                ("nodes", 2) => Nodes(Show(session)),
                ("slots", 2) => Slots(Show(session)),
                ("shards", 2) => Shards(Show(session)),
                ("countkeysinslot", 3) => await InSlotAsync(session, caller, words[2].ToArray(), most: null),
                ("getkeysinslot", 4) => await InSlotAsync(session, caller, words[2].ToArray(), words[3].ToArray()),
                ("keyslot" or "myid" or "info" or "nodes" or "slots" or "shards" or "countkeysinslot"
                    or "getkeysinslot", _) =>
                    ReadyReply.Refuse($"ERR wrong number of arguments for 'cluster|{what}' command"),
                _ => ReadyReply.Refuse(
                    $"ERR unknown subcommand '{words.Text(1)}'. Try CLUSTER KEYSLOT, MYID, INFO, NODES, SLOTS, SHARDS, "
                    + "COUNTKEYSINSLOT or GETKEYSINSLOT."),
            };
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return ReadyReply.Refuse(ErrorWords.Of(refused, map.IsReady));
        }
    }

    /// <summary>Who has seen the map can be sent on by it.</summary>
    private List<ClusterNode> Show(Session session)
    {
        List<ClusterNode> nodes = map.Read(session.To);
        session.KnowsMap = true;
        return nodes;
    }

    private static ReadyReply Slot(ReadOnlySpan<byte> key)
    {
        int slot = PlacementKey.SlotOfSpreadKey(key);
        return new ReadyReply(to => to.Integer(slot));
    }

    private ReadyReply Info(List<ClusterNode> nodes) => new(to => to.Verbatim(string.Join("\r\n",
    [
        $"cluster_enabled:{(map.IsCluster ? 1 : 0)}",
        $"cluster_state:{(map.IsReady ? "ok" : "fail")}", $"cluster_slots_assigned:{SlotMap.SlotCount}",
        $"cluster_slots_ok:{SlotMap.SlotCount}",
        "cluster_slots_pfail:0", "cluster_slots_fail:0", Line("cluster_known_nodes", nodes.Count),
        Line("cluster_size", nodes.Count(n => n.Slots.Count > 0)),
        "cluster_current_epoch:1", "cluster_my_epoch:1", "",
    ])));

    private static ReadyReply Nodes(List<ClusterNode> nodes)
    {
        var text = new StringBuilder();
        foreach (ClusterNode node in nodes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{node.Id} {node.Host}:{node.Port}@{node.Port} ")
                .Append(node.IsSelf ? "myself,master" : "master").Append(" - 0 0 1 connected");
            foreach ((int first, int last) in node.Slots)
            {
                text.Append(CultureInfo.InvariantCulture, $" {first}");
                _ = first == last ? text : text.Append(CultureInfo.InvariantCulture, $"-{last}");
            }

            text.Append('\n');
        }

        string all = text.ToString();
        return new ReadyReply(to => to.Verbatim(all));
    }

    private static ReadyReply Slots(List<ClusterNode> nodes)
    {
        (int First, int Last, ClusterNode Node)[] runs =
            [.. nodes.SelectMany(n => n.Slots.Select(s => (s.First, s.Last, n))).OrderBy(r => r.First)];
        return new ReadyReply(to =>
        {
            to.Array(runs.Length);
            foreach ((int first, int last, ClusterNode node) in runs)
            {
                to.Array(3);
                to.Integer(first);
                to.Integer(last);
                to.Array(4);
                to.Bulk(node.Host);
                to.Integer(node.Port);
                to.Bulk(node.Id);
                to.Array(0);
            }
        });
    }

    private ReadyReply Shards(List<ClusterNode> nodes) => new(to =>
    {
        to.Array(nodes.Count);
        foreach (ClusterNode node in nodes)
        {
            to.Map(2);
            to.Bulk("slots");
            to.Array(node.Slots.Count * 2);
            foreach ((int first, int last) in node.Slots)
            {
                to.Integer(first);
                to.Integer(last);
            }

            to.Bulk("nodes");
            to.Array(1);
            to.Map(7);
            Pair(to, "id", node.Id);
            to.Bulk(port.IsSecure ? "tls-port" : "port");
            to.Integer(node.Port);
            Pair(to, "ip", node.Host);
            Pair(to, "endpoint", node.Host);
            Pair(to, "role", "master");
            to.Bulk("replication-offset");
            to.Integer(0);
            Pair(to, "health", "online");
        }
    });

    /// <summary>
    /// Slots have no list of their own: the keys of the slot's partition are read through, one page after another.
    /// </summary>
    /// <param name="session">Of its keyspace.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="slot">As it was written.</param>
    /// <param name="most">So many keys are given; null = they are counted.</param>
    private async Task<Pending> InSlotAsync(Session session, Caller caller, byte[] slot, byte[]? most)
    {
        long wanted = RespLimits.KeysMax;
        if (!SignedNumber.TryParse(slot, out long number) || number is < 0 or >= SlotMap.SlotCount
            || (most is not null && (!SignedNumber.TryParse(most, out wanted) || wanted < 0)))
        {
            return ReadyReply.Refuse("ERR Invalid slot or number of keys");
        }

        wanted = Math.Min(wanted, RespLimits.KeysMax);
        if (!(await databases.FindAsync(session, caller)).TryGet(
            out KeyspaceSnapshot? keyspace, out OperationError? error))
        {
            return ReadyReply.Refuse(ErrorWords.Of(error, map.IsReady));
        }

        long count = 0;
        List<byte[]> found = [];
        KeyPlace? at = map.PlaceOf(keyspace, (int)number);
        while (at is { } from && (most is null || found.Count < wanted))
        {
            if (!(await keys.ScanAsync(caller, keyspace, from, _pageMax, CancellationToken.None))
                .TryGet(out KeyScan? page, out error))
            {
                return ReadyReply.Refuse(ErrorWords.Of(error, map.IsReady));
            }

            byte[][] own = [.. page.Keys.Where(k => keyspace.SlotOf(k.Key) == number).Select(k => k.Key.Bytes)];
            count += own.Length;
            found.AddRange(most is null ? [] : own.Take((int)wanted - found.Count));
            at = page.Next is { } next && next.Partition == from.Partition ? next : null;
        }

        return new ReadyReply(to =>
        {
            if (most is null)
            {
                to.Integer(count);
                return;
            }

            to.Array(found.Count);
            found.ForEach(k => to.Bulk(k));
        });
    }

    private static string Line(string name, long value) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}:{value}");

    private static void Pair(RespWriter to, string name, string value)
    {
        to.Bulk(name);
        to.Bulk(value);
    }
}
