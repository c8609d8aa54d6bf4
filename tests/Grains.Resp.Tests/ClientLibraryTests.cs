using Grains.Resp.Tests.World;
using StackExchange.Redis;

namespace Grains.Resp.Tests;

/// <summary>A client library that many use connects, and does what it does with Redis.</summary>
public class ClientLibraryTests
{
    [Theory]
    [InlineData(RedisProtocol.Resp2)]
    [InlineData(RedisProtocol.Resp3)]
    public async Task StackExchange_Redis_connects_reads_writes_counts_and_commits(RedisProtocol protocol)
    {
        await using RespServer server = await RespServer.StartAsync();
        var options = new ConfigurationOptions
        {
            EndPoints = { server.Address }, Protocol = protocol, AbortOnConnectFail = true
        };
        await using ConnectionMultiplexer client = await ConnectionMultiplexer.ConnectAsync(options);
        IDatabase db = client.GetDatabase();
        Assert.True(await db.StringSetAsync("k", "v", TimeSpan.FromMinutes(1)));
        Assert.Equal("v", await db.StringGetAsync("k"));
        Assert.InRange((await db.KeyTimeToLiveAsync("k"))!.Value.TotalSeconds, 1, 60);
        long[] counts = await Task.WhenAll(Enumerable.Range(0, 500).Select(_ => db.StringIncrementAsync("n")));
        Assert.Equal(Enumerable.Range(1, 500).Select(i => (long)i), counts.Order());
        ITransaction transaction = db.CreateTransaction();
        transaction.AddCondition(Condition.StringEqual("n", 500));
        Task<long> added = transaction.StringIncrementAsync("n", 7);
        Assert.True(await transaction.ExecuteAsync());
        Assert.Equal(507, await added);
        transaction = db.CreateTransaction();
        transaction.AddCondition(Condition.StringEqual("n", 1));
        Assert.False(await transaction.ExecuteAsync());
        List<string> keys = [];
        await foreach (RedisKey key in client.GetServer(server.Address).KeysAsync(pattern: "*"))
        {
            keys.Add(key!);
        }

        Assert.Equal(["k", "n"], keys.Order());
        Assert.True(await db.KeyDeleteAsync("k"));
    }
}
