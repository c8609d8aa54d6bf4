using Grains.Resp.Tests.World;

namespace Grains.Resp.Tests;

/// <summary>Alone, because it measures the memory of its process.</summary>
[Collection(nameof(IdleTests))]
[CollectionDefinition(nameof(IdleTests), DisableParallelization = true)]
public class IdleTests
{
    [Fact]
    public async Task A_thousand_idle_connections_cost_little()
    {
        await using RespServer server = await RespServer.StartAsync();
        List<RespClient> clients = [];
        long before = GC.GetTotalMemory(forceFullCollection: true);
        for (int i = 0; i < 1_000; i++)
        {
            RespClient client = await server.ConnectAsync();
            clients.Add(client);
            await client.ExpectAsync("GET k", "$-1\r\n");
        }

        long each = (GC.GetTotalMemory(forceFullCollection: true) - before) / clients.Count;
        Assert.InRange(each, 0, 32 << 10);
        clients.ForEach(c => c.Dispose());
    }
}
