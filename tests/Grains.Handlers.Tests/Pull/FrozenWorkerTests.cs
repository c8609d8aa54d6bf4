using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Pull;

/// <summary>A worker that sleeps beyond its lease, and then goes on as if nothing had happened.</summary>
public sealed class FrozenWorkerTests
{
    [Fact]
    public async Task What_it_commits_is_refused_as_delivery_gone_and_changes_nothing_whether_or_not_another_has_its_message()
    {
        await using HandlerWorld world = await HandlerWorld.StartAsync();
        await world.DeclareAsync("sleepers", new { handler = new { kind = "pull" } });
        await world.SendAsync("sleepers", "a", "x");
        JsonElement late = await ReceiveAsync(world, lease: "200ms");
        await HandlerWorld.UntilAsync(async () =>
            (await world.ExplainAsync("sleepers", "a")).GetProperty("delivered").GetInt32() == 0);
        await AssertGoneAsync(world, late);

        JsonElement next = await ReceiveAsync(world, lease: "30s");
        Assert.Equal(Message(late), Message(next));
        Assert.True(next.GetProperty("token").GetInt64() > late.GetProperty("token").GetInt64());
        await AssertGoneAsync(world, late);

        using HttpResponseMessage committed = await CommitAsync(world, next, "timely");
        Assert.True(committed.IsSuccessStatusCode, await committed.Content.ReadAsStringAsync());
        await AssertGoneAsync(world, late);
        await world.UntilIdleAsync("sleepers", "a");
        Assert.Equal("timely", await world.StateAsync("sleepers", "a"));
        JsonElement nodes = (await world.GetAsync("/v1/services/sleepers/nodes")).GetProperty("nodes");
        Assert.Equal(
            ["a", "sent-timely"], nodes.EnumerateArray().Select(n => n.GetProperty("node").GetString()!).Order());
    }

    private static string Message(JsonElement delivery) =>
        delivery.GetProperty("messages")[0].GetProperty("id").GetString()!;

    private static async Task<JsonElement> ReceiveAsync(HandlerWorld world, string lease)
    {
        using HttpResponseMessage response = await world.Http.PostAsJsonAsync(
            "/v1/services/sleepers/nodes/a/receive", new { wait = "10s", lease });
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private static Task<HttpResponseMessage> CommitAsync(HandlerWorld world, JsonElement delivery, string word) =>
        world.Http.PostAsJsonAsync($"/v1/deliveries/{delivery.GetProperty("delivery").GetString()}:commit", new
        {
            state = new { text = word, contentType = "text/plain" },
            sends = new[] { new { node = $"sent-{word}", text = word } },
        });

    private static async Task AssertGoneAsync(HandlerWorld world, JsonElement delivery)
    {
        using HttpResponseMessage answer = await CommitAsync(world, delivery, "late");
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        Assert.Contains("delivery-gone", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
