using System.Globalization;
using System.Net;
using Grains.Resp.Tests.World;
using static Grains.Resp.Tests.World.OtherServers;

namespace Grains.Resp.Tests;

/// <summary>
/// Slots of four partitions, 4,096 each. Of the keys <c>n0</c> is in partition 1, <c>n1</c> in 0, <c>n2</c> in 3 and
/// <c>n3</c> in 2.
/// </summary>
public class ClusterTests
{
    private const string _askForMap = "CLUSTER SLOTS";

    [Fact]
    public async Task A_server_alone_has_all_slots_and_is_no_cluster()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.SendAsync(RespClient.Command("CLUSTER MYID"));
        Assert.Equal("$40", await client.LineAsync());
        string id = await client.LineAsync();
        int port = server.Address.Port;
        await client.ExpectAsync(
            _askForMap,
            $"*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n:{port}\r\n$40\r\n{id}\r\n*0\r\n");
        string line = $"{id} 127.0.0.1:{port}@{port} myself,master - 0 0 1 connected 0-16383\n";
        await client.ExpectAsync("CLUSTER NODES", $"${line.Length}\r\n{line}\r\n");
        await client.ExpectAsync("INFO cluster", "$30\r\n# Cluster\r\ncluster_enabled:0\r\n\r\n");
        await Transcript.RunAsync(
            client, "CLUSTER KEYSLOT n0 => :7798 | READONLY => +OK | READWRITE => +OK | ASKING => +OK | GET n0 => $-1");
    }

    [Fact]
    public async Task Bound_to_every_address_it_names_the_one_by_which_the_client_came()
    {
        await using RespServer server = await RespServer.StartAsync(
            configure: o => o.Address = new IPEndPoint(IPAddress.Any, 0));
        using RespClient client = await RespClient.ConnectAsync(new IPEndPoint(IPAddress.Loopback, server.Address.Port));
        await client.SendAsync(RespClient.Command(_askForMap));
        await client.ReadAsync("*1\r\n*3\r\n:0\r\n:16383\r\n*4\r\n$9\r\n127.0.0.1\r\n");
    }

    [Fact]
    public async Task Each_server_has_the_slots_of_what_it_serves_and_what_nobody_does_is_spread_over_them()
    {
        var servers = new OtherServers(1, 2);

        // "c" has no port for clients: that of its partition 3 is found through one that has.
        servers.Say(Server("a", 7001), Server("c", 0, 3));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await server.ConnectAsync();
        int port = server.Address.Port;
        string[] lines = await LinesAsync(client, "CLUSTER NODES");
        Assert.Equal(
            [$"10.0.0.1:7001@7001 master - 0 0 1 connected 0-4095",
                $"127.0.0.1:{port}@{port} myself,master - 0 0 1 connected 4096-16383"],
            lines.Select(l => l[41..]));
        Assert.Equal(2, lines.Select(l => l[..40]).Distinct().Count());
        lines = await LinesAsync(client, "CLUSTER INFO");
        Assert.Empty(
            new[] { "cluster_enabled:1", "cluster_state:ok", "cluster_known_nodes:2", "cluster_size:2" }.Except(lines));
        server.Partitions.IsReady = false;
        Assert.Contains("cluster_state:fail", await LinesAsync(client, "CLUSTER INFO"));
    }

    [Fact]
    public async Task Shards_name_every_server_also_one_without_slots()
    {
        var servers = new OtherServers(0, 1, 2, 3);
        servers.Say(Server("a", 7001));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.SendAsync(RespClient.Command("CLUSTER SHARDS"));
        await client.ReadAsync("*2\r\n*4\r\n$5\r\nslots\r\n*0\r\n$5\r\nnodes\r\n*1\r\n*14\r\n$2\r\nid\r\n$40\r\n");
        Assert.Equal(40, (await client.LineAsync()).Length);
        await client.ReadAsync("$4\r\nport\r\n:7001\r\n$2\r\nip\r\n$8\r\n10.0.0.1\r\n");
    }

    [Fact]
    public async Task Who_has_asked_for_the_map_is_sent_to_the_server_of_its_key_and_nothing_was_done()
    {
        var servers = new OtherServers(0);
        servers.Say(Server("a", 7001, 1), Server("c", 7003, 2), Server("d", 0, 3));
        await using RespServer server = await servers.StartAsync();
        using RespClient plain = await server.ConnectAsync();
        using RespClient aware = await server.ConnectAsync();
        await Transcript.RunAsync(plain, "SET n0 1 => +OK | GET n0 => $1,1 | INCR n3 => :1");
        await LinesAsync(aware, "CLUSTER NODES");
        await Transcript.RunAsync(
            aware,
            "INCR n0 => -MOVED 7798 10.0.0.1:7001 | GET n3 => -MOVED 11797 10.0.0.1:7003 | INCR n1 => :1 "
            // Clients do not reach the server that has it.
            + "| INCR n2 => :1");
        await Transcript.RunAsync(plain, "GET n0 => $1,1");
        await Transcript.RunAsync(aware, "RESET => +RESET | GET n0 => $1,1");
    }

    [Fact]
    public async Task Where_the_operator_says_so_everybody_is_sent_on()
    {
        var servers = new OtherServers(0);
        servers.Say(Server("a", 7001, 1));
        await using RespServer server = await servers.StartAsync(o => o.AlwaysRedirects = true);
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(client, "INCR n0 => -MOVED 7798 10.0.0.1:7001 | INCR n1 => :1");
    }

    [Fact]
    public async Task Keys_of_one_other_server_are_sent_there_together_and_those_of_several_are_served_from_here()
    {
        var servers = new OtherServers(0);
        servers.Say(Server("a", 7001, 1, 3), Server("c", 7003, 2));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await ConnectWithMapAsync(server);
        await Transcript.RunAsync(
            client,
            "MGET n2 n0 => -MOVED 15924 10.0.0.1:7001 | MGET n0 n3 => *2,$-1,$-1 | DEL n0 n1 => :0 | "
            + "MSETNX n0 1 n3 1 => -CROSSSLOT Keys in request don't hash to the same slot");
    }

    /// <summary>Its commands are of one partition, and find it from anywhere: nothing of it is half done.</summary>
    [Fact]
    public async Task A_transaction_is_carried_out_from_wherever_it_was_begun()
    {
        var servers = new OtherServers(0);
        servers.Say(Server("a", 7001, 1));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await ConnectWithMapAsync(server);
        await Transcript.RunAsync(
            client, "WATCH n0 => +OK | MULTI => +OK | INCR n0 => +QUEUED | EXEC => *1,:1 | GET n0 => -MOVED 7798 "
            + "10.0.0.1:7001");
    }

    [Fact]
    public async Task A_partition_that_comes_here_is_served_and_one_that_goes_is_sent_on_once_its_new_server_says_so()
    {
        var servers = new OtherServers(0);
        servers.Say(Server("a", 7001, 1));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await ConnectWithMapAsync(server);
        await Transcript.RunAsync(client, "INCR n0 => -MOVED 7798 10.0.0.1:7001 | INCR n1 => :1");
        servers.Serve(0, 1);
        await Transcript.RunAsync(client, "INCR n0 => :1");
        servers.Serve(1);
        await Transcript.RunAsync(client, "INCR n1 => :2");
        servers.Say(Server("a", 7001, 0));
        await Transcript.RunAsync(client, "INCR n1 => -MOVED 3671 10.0.0.1:7001 | INCR n0 => :2");

        // It did not answer the last question: it may be dead.
        servers.Say();
        await Transcript.RunAsync(client, "INCR n1 => :3");
    }

    [Fact]
    public async Task A_server_that_is_about_to_stop_is_on_no_map_and_serves_until_it_has_given_everything_away()
    {
        var servers = new OtherServers(0, 1, 2, 3) { IsLeaving = true };
        servers.Say(Server("a", 7001));
        await using RespServer server = await servers.StartAsync();
        using RespClient client = await server.ConnectAsync();
        string line = Assert.Single(await LinesAsync(client, "CLUSTER NODES"));
        Assert.EndsWith(" 10.0.0.1:7001@7001 master - 0 0 1 connected 0-16383", line, StringComparison.Ordinal);
        await Transcript.RunAsync(client, "INCR n0 => :1");
    }

    /// <summary>A slot says nothing of where they are.</summary>
    [Fact]
    public async Task Keys_of_an_ordered_keyspace_are_served_from_anywhere()
    {
        var servers = new OtherServers();
        servers.Say(Server("a", 7001, 0, 1, 2, 3));
        await using RespServer server = await servers.StartAsync();
        await server.DeclareOrderedAsync("list");
        using RespClient client = await ConnectWithMapAsync(server);
        await Transcript.RunAsync(
            client, "INCR n0 => -MOVED 7798 10.0.0.1:7001 | GRAINS.USE list => +OK | INCR n0 => :1");
    }

    [Fact]
    public async Task The_keys_of_a_slot_are_counted_and_given()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(
            client,
            "MSET {n0}a 1 {n0}b 1 n0 1 n3 1 => +OK | CLUSTER COUNTKEYSINSLOT 7798 => :3 | "
            + "CLUSTER GETKEYSINSLOT 7798 2 => *2,$2,n0,$5,{n0}a | CLUSTER GETKEYSINSLOT 7798 0 => *0 | "
            + "CLUSTER COUNTKEYSINSLOT 11797 => :1 | CLUSTER COUNTKEYSINSLOT 7799 => :0 | "
            + "CLUSTER COUNTKEYSINSLOT 16384 => -ERR Invalid slot or number of keys | "
            + "CLUSTER GETKEYSINSLOT 7798 x => -ERR Invalid slot or number of keys");
    }

    /// <summary>The lines of a bulk string.</summary>
    /// <summary>A client that has asked for the map, and so is sent on.</summary>
    private static async Task<RespClient> ConnectWithMapAsync(RespServer server)
    {
        RespClient client = await server.ConnectAsync();
        await LinesAsync(client, "CLUSTER NODES");
        return client;
    }

    private static async Task<string[]> LinesAsync(RespClient client, string command)
    {
        await client.SendAsync(RespClient.Command(command));
        string length = await client.LineAsync();
        return (await client.BytesAsync(int.Parse(length[1..], CultureInfo.InvariantCulture) + 2))
            .Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries);
    }
}
