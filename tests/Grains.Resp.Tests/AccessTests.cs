using System.Net;
using Grains.Operations.Access;
using Grains.Resp.Tests.World;

namespace Grains.Resp.Tests;

public class AccessTests
{
    private static readonly (string, Permission, string)[] _keys =
    [
        ("reader", Permission.Read, "reader-key-000000"), ("writer", Permission.Write, "writer-key-000000"),
        ("boss", Permission.Admin, "boss-key-00000000"),
    ];

    [Theory]
    [InlineData("PING => -NOAUTH Authentication required. | GET k => -NOAUTH Authentication required. | NOSUCH => "
        + "-NOAUTH Authentication required.")]
    [InlineData("AUTH nobody-0000000000 => -WRONGPASS invalid username-password pair or user is disabled. | AUTH "
        + "reader writer-key-000000 => -WRONGPASS invalid username-password pair or user is disabled.")]
    [InlineData("AUTH reader-key-000000 => +OK | GET k => $-1 | SET k v => -NOPERM This needs a key with the "
        + "permission 'write'. | DBSIZE => :0 | FLUSHDB => -NOPERM This needs a key with the permission 'admin'.")]
    [InlineData("AUTH writer writer-key-000000 => +OK | SET k v => +OK | GET k => $1,v | FLUSHALL => "
        + "-NOPERM This needs a key with the permission 'admin'. | FLUSHDB => -NOPERM This "
        + "needs a key with the permission 'admin'. | RESET => +RESET | GET k => -NOAUTH Authentication required.")]
    [InlineData("AUTH default boss-key-00000000 => +OK | SET k v => +OK | FLUSHDB => +OK | DBSIZE => :0 | "
        + "SET k v => +OK | FLUSHALL => +OK | DBSIZE => :0")]
    [InlineData("HELLO 4 => -NOPROTO unsupported protocol version | HELLO 3 AUTH x y => -WRONGPASS invalid "
        + "username-password pair or user is disabled. | HELLO 3 FOO => -ERR Syntax error in HELLO option 'FOO'")]
    [InlineData("AUTH reader-key-000000 => +OK | MULTI => +OK | SET k v => +QUEUED | EXEC => -NOPERM This needs a key "
        + "with the permission 'write'.")]
    public async Task A_key(string transcript)
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(client, transcript);
    }

    [Fact]
    public async Task Hello_lets_a_key_in_and_changes_the_protocol()
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        using RespClient client = await server.ConnectAsync();
        await client.SendAsync(
            RespClient.Command("HELLO 3 AUTH writer writer-key-000000 SETNAME me") + RespClient.Command("GET k"));
        await client.ReadAsync(Transcript.Greeting(3, 1) + "_\r\n");
        await client.ExpectAsync("CLIENT GETNAME", "$2\r\nme\r\n");
        await client.SendAsync(RespClient.Command("HELLO 2") + RespClient.Command("GET k"));
        await client.ReadAsync(Transcript.Greeting(2, 1) + "$-1\r\n");
    }

    [Fact]
    public async Task Who_guesses_keys_is_slowed_down_and_a_right_one_is_taken_at_any_time()
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        const string wrong = "-WRONGPASS invalid username-password pair or user is disabled.\r\n";
        const string tooOften =
            "-ERR Too many wrong keys came from this address. A right one is taken at any time.\r\n";
        using RespClient guesser = await server.ConnectAsync();
        for (int i = 0; i < 5; i++)
        {
            await guesser.ExpectAsync($"AUTH guess-{i}-000000000", wrong);
            await guesser.ExpectAsync($"HELLO 3 AUTH writer guess-{i}-000000000", wrong);
        }

        await guesser.ExpectAsync("AUTH guess-10-00000000", tooOften);
        await guesser.ExpectEndAsync();
        using RespClient again = await server.ConnectAsync();
        await again.ExpectAsync("HELLO 3 AUTH writer guess-11-00000000", tooOften);
        await again.ExpectEndAsync();
        using RespClient known = await server.ConnectAsync();
        await known.ExpectAsync("AUTH writer-key-000000", "+OK\r\n");
        server.Time.Advance(TimeSpan.FromSeconds(6));
        using RespClient later = await server.ConnectAsync();
        await later.ExpectAsync("AUTH guess-12-00000000", wrong);
        await later.ExpectAsync("AUTH guess-13-00000000", tooOften);
    }

    [Fact]
    public async Task Guesses_through_another_door_count_too()
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        while (server.Guesses.Refuse(CallerGroup.Of(IPAddress.Loopback)) is null)
        {
        }

        using RespClient guesser = await server.ConnectAsync();
        await guesser.ExpectAsync(
            "AUTH guess-0-000000000",
            "-ERR Too many wrong keys came from this address. A right one is taken at any time.\r\n");
        await guesser.ExpectEndAsync();
    }

    [Fact]
    public async Task A_key_that_is_taken_away_or_changed_is_so_on_open_connections()
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(client, "AUTH writer-key-000000 => +OK | SET k v => +OK");
        server.Keys.Replace([RespServer.Key("writer", Permission.Read, "writer-key-000000")], "2");
        await Transcript.RunAsync(
            client, "SET k w => -NOPERM This needs a key with the permission 'write'. | GET k => $1,v");
        server.Keys.Replace([], "3");
        await Transcript.RunAsync(client, "GET k => -NOAUTH Authentication required.");
    }

    [Fact]
    public async Task Who_may_only_read_finds_nothing_where_nobody_has_written_and_declares_nothing()
    {
        await using RespServer server = await RespServer.StartAsync(keys: _keys);
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(
            client,
            "AUTH reader-key-000000 => +OK | GET k => $-1 | GRAINS.USE db0 => -ERR No keyspace of this name is "
            + "declared.");
    }
}
