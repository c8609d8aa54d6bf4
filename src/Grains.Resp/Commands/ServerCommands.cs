using System.Globalization;
using System.Text;
using Grains.Resp.Cluster;
using Grains.Resp.Protocol;
using Grains.Resp.Replies;
using Grains.Resp.Sessions;

namespace Grains.Resp.Commands;

/// <summary>What clients ask of a server before they trust it, and what people ask of it.</summary>
internal sealed class ServerCommands(TimeProvider time, RespPort port, ClusterMap map)
{
    private const int _unixMicroseconds = 1_000_000;

    private readonly long _startedAt = time.GetTimestamp();

    public IEnumerable<RespCommand> All =>
    [
        new("ping", -1) { MayBeQueued = true, Answer = Ping },
        new("echo", 2) { MayBeQueued = true, Answer = (_, words) => Bulk(words[1].ToArray()) },
        new("time", 1) { MayBeQueued = true, Answer = (_, _) => Time() },
        new("info", -1) { Answer = (_, words) => Info(words) },
        new("config", -2) { Answer = Config },
        new("latency", -2) { Answer = Latency },
        new("wait", 3) { Answer = (_, _) => new ReadyReply(to => to.Integer(0)) },
    ];

    private static Pending Ping(Session session, Arguments words) => words.Count switch
    {
        1 => ReadyReply.Pong,
        2 => Bulk(words[1].ToArray()),
        _ => ReadyReply.Refuse("ERR wrong number of arguments for 'ping' command"),
    };

    private static ReadyReply Bulk(byte[] value) => new(to => to.Bulk(value));

    private ReadyReply Time()
    {
        long microseconds = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        return new ReadyReply(to =>
        {
            to.Array(2);
            to.Bulk(Text(microseconds / _unixMicroseconds));
            to.Bulk(Text(microseconds % _unixMicroseconds));
        });
    }

    private ReadyReply Info(Arguments words)
    {
        (string Name, string[] Lines)[] sections =
        [
            ("Server",
            [
                $"redis_version:{SessionCommands.RedisVersion}", $"redis_mode:{map.Mode}", "server_name:grains",
                "arch_bits:64",
                $"tcp_port:{port.Port}", $"run_id:{map.OwnId}",
                Line("uptime_in_seconds", (long)time.GetElapsedTime(_startedAt).TotalSeconds),
            ]),
            ("Clients", [Line("connected_clients", port.Connections), Line("maxclients", port.ConnectionsMax)]),
            ("Memory", ["maxmemory:0", "maxmemory_policy:noeviction"]),
            ("Persistence", ["loading:0", "aof_enabled:1", "rdb_bgsave_in_progress:0", "aof_rewrite_in_progress:0"]),
            (
                "Replication",
                ["role:master", "connected_slaves:0", $"master_replid:{map.OwnId}", "master_repl_offset:0"]),
            ("Cluster", [$"cluster_enabled:{(map.IsCluster ? 1 : 0)}"]),
        ];
        var text = new StringBuilder();
        foreach ((string name, string[] lines) in sections.Where(s => IsAsked(words, s.Name)))
        {
            text.Append(text.Length > 0 ? "\r\n" : "").Append("# ").Append(name).Append("\r\n")
                .AppendJoin("\r\n", lines).Append("\r\n");
        }

        string all = text.ToString();
        return new ReadyReply(to => to.Verbatim(all));
    }

    private static bool IsAsked(Arguments words, string section)
    {
        for (int i = 1; i < words.Count; i++)
        {
            if (words.Is(i, section) || words.Is(i, "all") || words.Is(i, "default") || words.Is(i, "everything"))
            {
                return true;
            }
        }

        return words.Count == 1;
    }

    private Pending Config(Session session, Arguments words)
    {
        if (!words.Is(1, "get") || words.Count < 3)
        {
            return words.Is(1, "resetstat") ? ReadyReply.Ok
                : ReadyReply.Refuse(
                    $"ERR CONFIG {words.Text(1)} is not supported; settings are the options of the server");
        }

        (string Name, string Value)[] all =
        [
            ("appendfsync", "always"), ("appendonly", "yes"), ("databases", Text(Databases.Count)),
            ("maxclients", Text(port.ConnectionsMax)),
            ("maxmemory", "0"), ("maxmemory-policy", "noeviction"),
            ("proto-max-bulk-len", Text(RespLimits.BulkBytesMax)),
            ("replica-read-only", "no"), ("save", ""), ("slave-read-only", "no"), ("timeout", "0"),
        ];
        byte[][] patterns =
        [
            .. Enumerable.Range(2, words.Count - 2)
            .Select(i => Encoding.UTF8.GetBytes(words.Text(i).ToLowerInvariant()))
        ];
        (string Name, string Value)[] found =
            [.. all.Where(s => Array.Exists(patterns, p => GlobPattern.Matches(p, Encoding.ASCII.GetBytes(s.Name))))];
        return new ReadyReply(to =>
        {
            to.Map(found.Length);
            foreach ((string name, string value) in found)
            {
                to.Bulk(name);
                to.Bulk(value);
            }
        });
    }

    private static Pending Latency(Session session, Arguments words) =>
        words.Is(1, "reset") ? new ReadyReply(to => to.Integer(0))
        : words.Is(1, "latest") || words.Is(1, "history") ? new ReadyReply(to => to.Array(0))
        : words.Is(1, "histogram") ? new ReadyReply(to => to.Map(0))
        : ReadyReply.Refuse($"ERR unknown subcommand '{words.Text(1)}'. Try LATENCY LATEST.");

    private static string Line(string name, long value) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}:{value}");

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
