using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>What a person or a sender may say of when: delay, take back, pause, go on.</summary>
public sealed class ControlTests : IAsyncLifetime
{
    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync();
        _endpoint = await UserEndpoint.StartAsync();
        await _world.DeclareAsync("greeter", new { handler = new { kind = "push", urls = new[] { _endpoint.Url } } });
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_message_with_a_delay_or_a_time_is_handled_then_and_not_before()
    {
        DateTimeOffset begun = DateTimeOffset.UtcNow;
        string at = begun.AddSeconds(4).ToString(
            "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);
        await _world.SendAsync("greeter", "a", "late", query: "?delay=1s");
        string later = await _world.SendAsync("greeter", "a", "later", query: $"?at={at}");
        await _world.SendAsync("greeter", "a", "now");
        JsonElement explained = await _world.ExplainAsync("greeter", "a");
        Assert.Equal(2, explained.GetProperty("delayed").GetInt32());
        JsonElement listed = (await _world.GetAsync("/v1/services/greeter/nodes/a/delayed")).GetProperty("messages");
        Assert.Equal(2, listed.GetArrayLength());
        Assert.All(listed.EnumerateArray(), m => Assert.NotNull(m.GetProperty("dueAt").GetString()));
        Assert.Equal(
            "delayed",
            (await _world.GetAsync($"/v1/services/greeter/messages/{later}")).GetProperty("status").GetString());
        await HandlerWorld.UntilAsync(() => Task.FromResult(_endpoint.Seen.Count == 3));
        Assert.Equal(["now", "late", "later"], _endpoint.Seen.Select(s => s.Text));
        Assert.True(DateTimeOffset.UtcNow - begun > TimeSpan.FromSeconds(3.9));
    }

    [Theory]
    [InlineData("?delay=soon")]
    [InlineData("?delay=-1s")]
    [InlineData("?delay=400d")]
    [InlineData("?at=tomorrow")]
    [InlineData("?at=2030-01-31")]
    [InlineData("?at=2030-01-31T08:00:00")]
    [InlineData("?at=2999-01-31T08:00:00Z")]
    [InlineData("?delay=1s&at=2030-01-31T08:00:00Z")]
    public async Task A_time_that_is_none_is_refused_with_what_to_write(string query)
    {
        using HttpResponseMessage answer = await _world.Http.PostAsync(
            $"/v1/services/greeter/nodes/a/messages{query}", new StringContent("x"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("bad-parameter", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(_endpoint.Seen);
    }

    [Fact]
    public async Task The_same_key_with_another_time_is_another_request()
    {
        string first = await _world.SendAsync(
            "greeter", "a", "x", query: "?delay=1h", headers: ("Idempotency-Key", "k"));
        Assert.Equal(
            first, await _world.SendAsync("greeter", "a", "x", query: "?delay=1h", headers: ("Idempotency-Key", "k")));
        using var other = new HttpRequestMessage(HttpMethod.Post, "/v1/services/greeter/nodes/a/messages?delay=2h")
        {
            Content = new ByteArrayContent("x"u8.ToArray()),
        };
        other.Content.Headers.TryAddWithoutValidation("Content-Type", "text/plain");
        other.Headers.Add("Idempotency-Key", "k");
        using HttpResponseMessage answer = await _world.Http.SendAsync(other);
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.StatusCode);
    }

    [Fact]
    public async Task A_delayed_message_can_be_taken_back_and_one_that_is_out_cannot()
    {
        string id = await _world.SendAsync("greeter", "a", "late", query: "?delay=1h");
        Assert.Equal(HttpStatusCode.NoContent, await DeleteAsync(id));
        Assert.Equal(HttpStatusCode.NotFound, await DeleteAsync(id));
        Assert.Equal(
            "finished",
            (await _world.GetAsync($"/v1/services/greeter/messages/{id}")).GetProperty("status").GetString());

        var release = new TaskCompletionSource();
        _endpoint.Answer = async (http, _) =>
        {
            await release.Task;
            http.Response.StatusCode = 204;
        };
        string held = await _world.SendAsync("greeter", "a", "out");
        await HandlerWorld.UntilAsync(() => Task.FromResult(_endpoint.Seen.Count == 1));
        Assert.Equal(HttpStatusCode.Conflict, await DeleteAsync(held));
        release.SetResult();
        await _world.UntilIdleAsync("greeter", "a");
    }

    [Fact]
    public async Task A_paused_node_is_left_alone_while_another_goes_on_and_resumed_it_goes_on_too()
    {
        await PostAsync("/v1/services/greeter/nodes/a:pause", HttpStatusCode.NoContent);
        await _world.SendAsync("greeter", "a", "paused");
        await _world.SendAsync("greeter", "b", "open");
        await _world.UntilIdleAsync("greeter", "b");
        JsonElement explained = await _world.ExplainAsync("greeter", "a");
        Assert.Equal("paused", explained.GetProperty("status").GetString());
        Assert.Equal("open", Assert.Single(_endpoint.Seen).Text);
        Assert.True((await _world.GetAsync("/v1/services/greeter/nodes/a")).GetProperty("paused").GetBoolean());
        await PostAsync("/v1/services/greeter/nodes/a:resume", HttpStatusCode.NoContent);
        await _world.UntilIdleAsync("greeter", "a");
        Assert.Equal(2, _endpoint.Seen.Count);
    }

    [Fact]
    public async Task A_paused_service_is_neither_pushed_nor_received_from_and_declaring_it_again_leaves_it_paused()
    {
        await PostAsync("/v1/services/greeter:pause", HttpStatusCode.OK);
        await _world.SendAsync("greeter", "a", "x");
        Assert.Equal("paused", (await _world.ExplainAsync("greeter", "a")).GetProperty("status").GetString());
        await _world.DeclareAsync("greeter", new { handler = new { kind = "pull" } });
        Assert.True((await _world.GetAsync("/v1/services/greeter")).GetProperty("paused").GetBoolean());
        using HttpResponseMessage nothing = await _world.Http.PostAsJsonAsync(
            "/v1/services/greeter/receive", new { wait = "300ms" });
        Assert.Equal(HttpStatusCode.NoContent, nothing.StatusCode);
        Assert.Empty(_endpoint.Seen);

        Task<HttpResponseMessage> waiting = _world.Http.PostAsJsonAsync(
            "/v1/services/greeter/nodes/a/receive", new { wait = "30s" });
        await PostAsync("/v1/services/greeter:resume", HttpStatusCode.OK);
        using HttpResponseMessage given = await waiting;
        Assert.Equal(HttpStatusCode.OK, given.StatusCode);
        Assert.False((await _world.GetAsync("/v1/services/greeter")).TryGetProperty("paused", out _));
    }

    private async Task PostAsync(string path, HttpStatusCode expected)
    {
        using HttpResponseMessage answer = await _world.Http.PostAsync(path, null);
        Assert.Equal(expected, answer.StatusCode);
    }

    private async Task<HttpStatusCode> DeleteAsync(string message)
    {
        using HttpResponseMessage answer = await _world.Http.DeleteAsync($"/v1/services/greeter/messages/{message}");
        return answer.StatusCode;
    }
}
