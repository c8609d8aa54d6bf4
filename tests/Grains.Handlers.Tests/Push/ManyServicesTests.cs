using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>
/// More push services than a partition has places: idle ones cost none, and what waits at others stops none.
/// </summary>
public sealed class ManyServicesTests : IAsyncLifetime
{
    private const int _services = 4_097;
    private const int _receives = 600;

    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync(partitions: 2);
        _endpoint = await UserEndpoint.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task Thousands_of_push_services_take_no_place_and_each_gets_what_is_sent_to_it()
    {
        await _world.DeclareAsync("s0", new { handler = new { kind = "pull" } });
        await _world.SendAsync("s0", "n", "before");
        await Parallel.ForEachAsync(
            Enumerable.Range(0, _services),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (i, _) => await _world.DeclareAsync(
                $"s{i}", new { handler = new { kind = "push", urls = new[] { _endpoint.Url } } }));
        foreach (int i in new[] { 0, 1, _services / 2, _services - 1 })
        {
            await _world.SendAsync($"s{i}", "n", $"{i}");
            await _world.UntilIdleAsync($"s{i}", "n");
        }

        Assert.Equal(
            ["0", "1", $"{_services / 2}", $"{_services - 1}", "before"],
            _endpoint.Seen.Select(p => p.Text).Order(StringComparer.Ordinal));

        // The last question of a dispatcher may just be under way; parked ones would stay.
        await HandlerWorld.UntilAsync(async () => await WaitingAsync() == 0);
    }

    [Fact]
    public async Task Receives_that_fill_a_node_are_told_so_and_hold_up_neither_a_push_service_nor_another_nodes_worker()
    {
        await _world.DeclareAsync("hog", new { });
        await _world.DeclareAsync("other", new { });
        await _world.DeclareAsync("pushed", new { handler = new { kind = "push", urls = new[] { _endpoint.Url } } });
        using var over = new CancellationTokenSource();
        Task<HttpResponseMessage>[] waits =
            [.. Enumerable.Range(0, _receives).Select(_ => ReceiveAsync("hog", "60s", over.Token))];
        await HandlerWorld.UntilAsync(async () => waits.Count(w => w.IsCompleted) + await WaitingAsync() == _receives);
        HttpResponseMessage[] refused = [.. waits.Where(w => w.IsCompleted).Select(w => w.Result)];
        Assert.Equal(_receives - 256, refused.Length);
        Assert.All(refused, r => Assert.Equal((429, "1"), ((int)r.StatusCode, $"{r.Headers.RetryAfter}")));
        await _world.SendAsync("pushed", "n", "1");
        await _world.UntilIdleAsync("pushed", "n");
        Assert.Single(_endpoint.Seen);
        await _world.SendAsync("other", "n", "2");
        using HttpResponseMessage got = await ReceiveAsync("other", "1s", CancellationToken.None);
        Assert.Equal(200, (int)got.StatusCode);
        await over.CancelAsync();
        await HandlerWorld.UntilAsync(async () => await WaitingAsync() == 0);
    }

    private async Task<HttpResponseMessage> ReceiveAsync(string service, string wait, CancellationToken cancel)
    {
        using var body = new StringContent($$"""{"wait":"{{wait}}"}""", null, "application/json");
        return await _world.Http.PostAsync($"/v1/services/{service}/nodes/n/receive", body, cancel);
    }

    private async Task<int> WaitingAsync() =>
        (await _world.GetAsync("/v1/cluster/partitions")).GetProperty("partitions")
        .EnumerateArray().Sum(p => p.GetProperty("waitingReceives").GetInt32());
}
