using Grains.Resp.Tests.World;
using static Grains.Resp.Tests.World.Eventually;

namespace Grains.Resp.Tests;

/// <summary>
/// Replies come in order, and each command of a connection sees what was before it and nothing that is after it.
/// </summary>
public class PipelineTests
{
    protected virtual bool IsPooled => false;

    [Fact]
    public async Task A_read_behind_a_write_of_its_key_sees_it_and_one_before_it_does_not()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("SET k 0 EX 100", "+OK\r\n");
        server.Partitions.Hold();
        await client.SendAsync(
            RespClient.Command("GET k") + RespClient.Command("SET k 1") + RespClient.Command("GET k")
                + RespClient.Command("SET k 2")
            + RespClient.Command("MGET k none") + RespClient.Command("INCR k") + RespClient.Command("STRLEN k")
            + RespClient.Command("EXISTS k"));
        await UntilAsync(() => server.Partitions.Waiting > 0);
        server.Partitions.LetGo();
        await client.ReadAsync("$1\r\n0\r\n+OK\r\n$1\r\n1\r\n+OK\r\n*2\r\n$1\r\n2\r\n$-1\r\n:3\r\n:1\r\n:1\r\n");
    }

    [Fact]
    public async Task Commands_of_a_pipeline_are_under_way_together()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("SET k 0", "+OK\r\n");
        server.Partitions.Hold();
        await client.SendAsync(
            string.Concat(Enumerable.Range(0, 100).Select(i => RespClient.Command($"SET k{i} {i}"))) + "PING\r\n");
        await UntilAsync(() => server.Partitions.Waiting == 100);
        server.Partitions.LetGo();
        await client.ReadAsync(string.Concat(Enumerable.Repeat("+OK\r\n", 100)) + "+PONG\r\n");
    }

    [Fact]
    public async Task No_more_is_begun_than_may_be_under_way()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        await client.ExpectAsync("SET k 0", "+OK\r\n");
        server.Partitions.Hold();
        await client.SendAsync(string.Concat(Enumerable.Repeat(RespClient.Command("INCR k"), 3_000)));
        await UntilAsync(() => server.Partitions.Waiting == Protocol.RespLimits.PipelinedMax);
        server.Partitions.LetGo();
        await client.ReadAsync(string.Concat(Enumerable.Range(1, 3_000).Select(i => $":{i}\r\n")));
    }

    [Fact]
    public async Task A_client_that_reads_no_replies_is_read_from_no_more_and_holds_up_nobody()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        using RespClient other = await server.ConnectAsync();
        string value = new('x', 1_000_000);
        await other.ExpectAsync($"SET k {value}", "+OK\r\n");
        Task sending = client.SendAsync(string.Concat(Enumerable.Repeat(RespClient.Command("GET k"), 1_000_000)));
        for (int i = 0; i < 20; i++)
        {
            await other.ExpectAsync("PING", "+PONG\r\n");
        }

        Assert.False(sending.IsCompleted);
        await client.ReadAsync("$1000000\r\n" + value + "\r\n");
        client.Dispose();
        await Assert.ThrowsAnyAsync<Exception>(() => sending);
        await other.ExpectAsync("PING", "+PONG\r\n");
    }

    [Fact]
    public async Task Commands_that_come_byte_by_byte_are_answered()
    {
        await using RespServer server = await StartAsync();
        using RespClient client = await server.ConnectAsync();
        foreach (char letter in RespClient.Command("SET k v") + RespClient.Command("GET k"))
        {
            await client.SendAsync(letter.ToString());
        }

        await client.ReadAsync("+OK\r\n$1\r\nv\r\n");
    }

    private Task<RespServer> StartAsync() => RespServer.StartAsync(configure: o => o.IsPooled = IsPooled);
}

/// <summary>The same where the system has no epoll.</summary>
public sealed class PooledPipelineTests : PipelineTests
{
    protected override bool IsPooled => true;
}
