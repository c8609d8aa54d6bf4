using Grains.Resp.Tests.World;

namespace Grains.Resp.Tests;

public class ScanTests
{
    [Fact]
    public async Task A_scan_gives_every_key_once_and_ends()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        for (int i = 0; i < 300; i++)
        {
            await client.ExpectAsync($"SET key{i} v", "+OK\r\n");
        }

        await client.ExpectAsync("DBSIZE", ":300\r\n");
        Assert.Equal(300, (await ScanAsync(client, "COUNT 7")).Count);
        Assert.Equal(100, (await ScanAsync(client, "MATCH key1?? COUNT 1000")).Count);
        Assert.Empty(await ScanAsync(client, "TYPE list COUNT 100"));
        await client.SendAsync(RespClient.Command("KEYS key2?"));
        Assert.Equal("*10", await client.LineAsync());
    }

    [Fact]
    public async Task A_cursor_works_on_any_connection_and_one_that_is_none_is_refused()
    {
        await using RespServer server = await RespServer.StartAsync(count: 1);
        using RespClient one = await server.ConnectAsync();
        using RespClient other = await server.ConnectAsync();
        await one.ExpectAsync("MSET a 1 b 2 c 3", "+OK\r\n");
        await one.SendAsync(RespClient.Command("SCAN 0 COUNT 2"));
        Assert.Equal("*2", await one.LineAsync());
        await one.LineAsync();
        string cursor = await one.LineAsync();
        await one.ReadAsync("*2\r\n$1\r\na\r\n$1\r\nb\r\n");
        await other.ExpectAsync($"SCAN {cursor}", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nc\r\n");
        await Transcript.RunAsync(
            one,
            "SCAN 9 => -ERR invalid cursor | SCAN x => -ERR invalid cursor | SCAN 0 COUNT 0 => -ERR syntax error | "
            + "SCAN 0 MATCH => -ERR syntax error");
    }

    [Fact]
    public async Task A_random_key_is_one_that_is_there()
    {
        await using RespServer server = await RespServer.StartAsync();
        using RespClient client = await server.ConnectAsync();
        await Transcript.RunAsync(
            client,
            "RANDOMKEY => $-1 | SET k v => +OK | RANDOMKEY => $1,k | KEYS * => *1,$1,k | DEL k => :1 | KEYS * => *0");
    }

    private static async Task<HashSet<string>> ScanAsync(RespClient client, string options)
    {
        HashSet<string> found = [];
        string cursor = "0";
        do
        {
            await client.SendAsync(RespClient.Command($"SCAN {cursor} {options}"));
            Assert.Equal("*2", await client.LineAsync());
            await client.LineAsync();
            cursor = await client.LineAsync();
            int count = int.Parse((await client.LineAsync())[1..], null);
            for (int i = 0; i < count; i++)
            {
                await client.LineAsync();
                Assert.True(found.Add(await client.LineAsync()));
            }
        }
        while (cursor != "0");
        return found;
    }
}
