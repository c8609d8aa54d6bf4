using System.Globalization;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

/// <summary>
/// Who may ask for what, written down here a second time: a route that is opened, or not guarded, is noticed.
/// </summary>
public sealed class RoutePermissionTests
{
    private const string _reader = "reader-key-0123456789";
    private const string _writer = "writer-key-0123456789";
    private const string _admin = "admin-key-0123456789";

    private const string _table = """
        read  GET    /v1/keyspaces
        read  GET    /v1/keyspaces/{keyspace}
        admin PUT    /v1/keyspaces/{keyspace}
        admin DELETE /v1/keyspaces/{keyspace}
        read  GET    /v1/keyspaces/{keyspace}/keys
        read  POST   /v1/keyspaces/{keyspace}/keys:batch
        read  GET    /v1/keyspaces/{keyspace}/keys/{key}
        read  HEAD   /v1/keyspaces/{keyspace}/keys/{key}
        write PUT    /v1/keyspaces/{keyspace}/keys/{key}
        write POST   /v1/keyspaces/{keyspace}/keys/{key}:increment
        write DELETE /v1/keyspaces/{keyspace}/keys/{key}
        read  GET    /v1/services
        read  GET    /v1/services/{service}
        admin PUT    /v1/services/{service}
        admin DELETE /v1/services/{service}
        admin GET    /v1/services/{service}/secret
        admin POST   /v1/services/{service}:pause
        admin POST   /v1/services/{service}:resume
        write POST   /v1/services/{service}/receive
        read  GET    /v1/services/{service}/messages/{message}
        write DELETE /v1/services/{service}/messages/{message}
        read  GET    /v1/services/{service}/messages/{message}/reply
        read  GET    /v1/services/{service}/nodes
        read  GET    /v1/services/{service}/nodes/{node}
        admin DELETE /v1/services/{service}/nodes/{node}
        admin POST   /v1/services/{service}/nodes/{node}:purge
        admin POST   /v1/services/{service}/nodes/{node}:pause
        admin POST   /v1/services/{service}/nodes/{node}:resume
        read  GET    /v1/services/{service}/nodes/{node}/state
        write PUT    /v1/services/{service}/nodes/{node}/state
        write DELETE /v1/services/{service}/nodes/{node}/state
        write POST   /v1/services/{service}/nodes/{node}/messages
        write POST   /v1/services/{service}/nodes/{node}/receive
        read  GET    /v1/services/{service}/nodes/{node}/mailbox
        read  GET    /v1/services/{service}/nodes/{node}/delayed
        read  GET    /v1/services/{service}/nodes/{node}/dead
        write POST   /v1/services/{service}/nodes/{node}/dead:retry
        admin POST   /v1/services/{service}/nodes/{node}/dead:discard
        write POST   /v1/services/{service}/nodes/{node}/dead/{message}:retry
        admin POST   /v1/services/{service}/nodes/{node}/dead/{message}:discard
        read  GET    /v1/services/{service}/nodes/{node}/timers
        write PUT    /v1/services/{service}/nodes/{node}/timers/{timer}
        write DELETE /v1/services/{service}/nodes/{node}/timers/{timer}
        write POST   /v1/deliveries/{delivery}:commit
        write POST   /v1/deliveries/{delivery}:renew
        write POST   /v1/deliveries/{delivery}:reject
        read  GET    /v1/explain/services/{service}/nodes/{node}
        read  GET    /v1/cluster
        read  GET    /v1/cluster/partitions
        admin POST   /v1/cluster/servers/{server}:drain
        admin POST   /v1/cluster/servers/{server}:resume
        admin POST   /v1/cluster/format:raise
        admin POST   /v1/cluster:resume
        admin GET    /v1/backup
        read  GET    /metrics
        none  GET    /healthz
        none  GET    /readyz
        none  GET    /openapi/v1.json
        none  GET    /errors/{code}
        """;

    public static TheoryData<string, string, string> Routes
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach (string[] words in _table.Split('\n').Select(
                l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
            {
                data.Add(words[0], words[1], words[2].Trim());
            }

            return data;
        }
    }

    [Fact]
    public async Task Every_route_stands_in_this_table_and_no_other()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Assert.Equal(
            Routes.Select(r => $"{r[1]} {r[2]}").Order(StringComparer.Ordinal),
            server.Services.GetRequiredService<RouteTable>().All.Select(
                r => $"{r.Method} {r.Path}").Order(StringComparer.Ordinal));
    }

    [Theory, MemberData(nameof(Routes))]
    public async Task A_route_is_open_to_who_has_its_permission_and_to_nobody_else(
        string permission, string method, string path)
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, $"r read {_reader}\nw write {_writer}\na admin {_admin}\n");
            await using FrontEndServer server = await FrontEndServer.StartAsync(keysFile: file);
            string url = Fill(path);
            string[] methods = method == "GET" ? ["GET", "HEAD"] : [method];
            foreach (string asked in methods)
            {
                int[] statuses = new int[4];
                foreach ((string? key, int at) in new[] { null, _reader, _writer, _admin }.Select((k, i) => (k, i)))
                {
                    (string, string)[] headers = key is null ? [] : [("Authorization", "Bearer " + key)];
                    statuses[at] =
                        (await server.SendAsync(asked, url, asked is "PUT" or "POST" ? "{}" : null, headers: headers)).Status;
                }

                Assert.Equal(
                    $"{asked} {path} for no key, read, write, admin: {Expected(permission)}",
                    $"{asked} {path} for no key, read, write, admin: {string.Join(' ', statuses.Select(Verdict))}");
            }
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task While_a_server_does_not_know_its_cluster_yet_no_route_fails()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("GET", "/v1/keyspaces/ks");
        server.Partitions.IsKnown = false;
        int unavailable = 0;
        foreach (object[] route in Routes)
        {
            string method = (string)route[1];
            Reply reply = await server.SendAsync(
                method, Fill((string)route[2]), method is "PUT" or "POST" ? "{}" : null,
                headers: ("Grains-Timeout-Ms", "100"));
            Assert.True(reply.Status != 500, $"{method} {route[2]}: {reply.Body}");
            unavailable += reply.Refusal == "503 unavailable" ? 1 : 0;
        }

        Assert.True(unavailable > 20, $"{unavailable} routes asked for a partition.");
    }

    private static string Expected(string permission) => permission switch
    {
        "none" => "passes passes passes passes",
        "read" => "401 passes passes passes",
        "write" => "401 403 passes passes",
        "admin" => "401 403 403 passes",
        _ => throw new ArgumentOutOfRangeException(nameof(permission), permission, "There is no such permission."),
    };

    /// <summary>What becomes of it behind the guard is not the matter here.</summary>
    private static string Verdict(int status) =>
        status is 401 or 403 ? status.ToString(CultureInfo.InvariantCulture) : "passes";

    private static string Fill(string path) => path
        .Replace("{keyspace}", "ks").Replace("{key}", "a/b").Replace("{service}", "words").Replace("{node}", "n")
        .Replace("{timer}", "t").Replace("{server}", "one").Replace("{code}", "forbidden")
        .Replace("{delivery}", "d-none")
        .Replace("{message}", new MessageId(new PartitionId(1), new Revision(5), 0).ToString());
}
