using Grains.Resp.Protocol;
using Grains.Resp.Tests.World;
using Grains.StateMachines.Batches;

namespace Grains.Resp.Tests;

public class HostileTests
{
    protected virtual bool IsPooled => false;

    [Theory]
    [InlineData("*1\r\n$536870912\r\n", "-ERR Protocol error: invalid bulk length\r\n")]
    [InlineData("*2147483647\r\n", "-ERR Protocol error: invalid multibulk length\r\n")]
    [InlineData("*1\r\n*1\r\n", "-ERR Protocol error: expected '$', got '*'\r\n")]
    [InlineData("GET \"\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n")]
    [InlineData(
        "POST / HTTP/1.1\r\nHost: x\r\n\r\nFLUSHDB\r\n",
        "-ERR Protocol error: this port is for Redis clients, and the request is HTTP; the API is on another port\r\n")]
    public async Task What_cannot_be_understood_is_said_behind_all_other_replies_and_ends_the_connection(
        string sent, string error)
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.SendAsync(RespClient.Command("SET k v") + RespClient.Command("GET k") + sent);
        await client.ReadAsync("+OK\r\n$1\r\nv\r\n" + error);
        await client.ExpectEndAsync();
    }

    [Fact]
    public async Task Quit_is_answered_and_ends_the_connection()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("QUIT", "+OK\r\n");
        await client.ExpectEndAsync();
    }

    [Fact]
    public async Task A_value_may_be_as_long_as_values_may_be_and_keys_too()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        string value = new('x', RespLimits.BulkBytesMax);
        string key = new('k', 1_024);
        await client.ExpectAsync($"SET {key} {value}", "+OK\r\n");
        await client.ExpectAsync($"GET {key}", $"${value.Length}\r\n{value}\r\n");
        await client.ExpectAsync(
            $"APPEND {key} x", "-ERR string exceeds maximum allowed size (proto-max-bulk-len)\r\n");
        await client.ExpectAsync($"GET {key}k", "-ERR The key is longer than 1024 bytes.\r\n");
    }

    [Fact]
    public async Task Who_comes_when_there_are_as_many_as_may_be_is_told_and_another_may_come_when_one_goes()
    {
        await using RespServer server = await StartAsync(o => o.ConnectionsMax = 2);
        using RespClient one = await server.ConnectAsync();
        RespClient two = await server.ConnectAsync();
        await one.ExpectAsync("PING", "+PONG\r\n");
        await two.ExpectAsync("PING", "+PONG\r\n");
        using RespClient three = await server.ConnectAsync();
        await three.ReadAsync("-ERR max number of clients reached\r\n");
        await three.ExpectEndAsync();
        await two.ExpectAsync("QUIT", "+OK\r\n");
        await two.ExpectEndAsync();
        two.Dispose();
        for (int tries = 0; ; tries++)
        {
            using RespClient four = await server.ConnectAsync();
            await four.SendAsync("PING\r\n");
            if (await four.LineAsync() == "+PONG")
            {
                return;
            }

            Assert.True(tries < 200, "a place comes free");
        }
    }

    [Theory]
    [InlineData(Refusal.PartitionFull, "-OOM command not allowed: why\r\n")]
    [InlineData(Refusal.Overloaded, "-TRYAGAIN why\r\n")]
    [InlineData(Refusal.NotStored, "-MISCONF why\r\n")]
    [InlineData(Refusal.CommandTooOld, "-ERR outcome unknown: why\r\n")]
    [InlineData(Refusal.NotOwner, "-ERR outcome unknown: why\r\n")]
    [InlineData(Refusal.KeyspaceDeleted, "-TRYAGAIN Nothing was done: the database was flushed, or the keyspace "
        + "deleted. why\r\n")]
    public async Task A_refusal_has_the_words_that_clients_know(Refusal refusal, string reply)
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("SET k v", "+OK\r\n");
        server.Partitions.Script = _ => new Refused(refusal, "why");
        await client.ExpectAsync("INCR k", reply);
        server.Partitions.Script = _ => null;
        await client.ExpectAsync("GET k", "$1\r\nv\r\n");
    }

    private Task<RespServer> StartAsync(Action<RespOptions>? configure = null) => RespServer.StartAsync(configure: o =>
    {
        o.IsPooled = IsPooled;
        configure?.Invoke(o);
    });
}

/// <summary>The same where the system has no epoll.</summary>
public sealed class PooledHostileTests : HostileTests
{
    protected override bool IsPooled => true;
}
