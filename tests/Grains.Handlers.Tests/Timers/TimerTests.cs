using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Handlers.Tests.World;
using Microsoft.AspNetCore.Http;

namespace Grains.Handlers.Tests.Timers;

/// <summary>Nodes that are sent something at a time, set from outside and by their handlers.</summary>
public sealed class TimerTests : IAsyncLifetime
{
    private const string _timers = "/v1/services/clock/nodes/a/timers";

    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync();
        _endpoint = await UserEndpoint.StartAsync();
        await _world.DeclareAsync("clock", new { handler = new { kind = "push", urls = new[] { _endpoint.Url } } });
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task A_timer_of_every_second_fires_at_full_seconds_until_it_is_ended()
    {
        using HttpResponseMessage set = await PutAsync(
            "tick", new { cron = "* * * * * *", type = "tick", text = "go" });
        Assert.Equal(HttpStatusCode.Created, set.StatusCode);
        await HandlerWorld.UntilAsync(() => Task.FromResult(_endpoint.Seen.Count >= 3));
        using HttpResponseMessage ended = await _world.Http.DeleteAsync($"{_timers}/tick");
        Assert.Equal(HttpStatusCode.NoContent, ended.StatusCode);
        using HttpResponseMessage again = await _world.Http.DeleteAsync($"{_timers}/tick");
        Assert.Contains("timer-not-found", await again.Content.ReadAsStringAsync(), StringComparison.Ordinal);

        DateTimeOffset[] due = [.. _endpoint.Seen.Select(s => Due(s)).Order()];
        Assert.Equal(due.Distinct(), due);
        Assert.All(due, d => Assert.Equal(0, d.Millisecond));
        Assert.All(
            _endpoint.Seen,
            s => Assert.Equal(("go", "tick", "tick"), (s.Text, s.Headers["Grains-Timer"], s.Headers["Grains-Type"])));
    }

    [Fact]
    public async Task A_handler_sets_and_ends_timers_of_its_node_in_its_commit()
    {
        _endpoint.Answer = async (http, pushed) =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync(pushed.Text switch
            {
                "begin" => """{"timers":[{"name":"soon","delay":"200ms","text":"ring"},{"name":"daily","cron":"30 6 * * *","zone":"Europe/Berlin"}]}""",
                "ring" => """{"timers":[{"name":"daily","delete":true},{"name":"never-was","delete":true}]}""",
                _ => "{}",
            });
        };
        await _world.SendAsync("clock", "a", "begin");
        await HandlerWorld.UntilAsync(() => Task.FromResult(_endpoint.Seen.Any(s => s.Text == "ring")));
        await _world.UntilIdleAsync("clock", "a");
        using HttpResponseMessage listed = await _world.Http.GetAsync(_timers);
        Assert.Equal(HttpStatusCode.NotFound, listed.StatusCode);
    }

    [Fact]
    public async Task Timers_are_listed_with_when_they_fire_next_and_the_node_says_that_it_has_some()
    {
        using HttpResponseMessage set = await PutAsync(
            "nightly", new { cron = "15 3 * * *", zone = "Europe/Berlin", text = "x" });
        Assert.Equal(HttpStatusCode.Created, set.StatusCode);
        using HttpResponseMessage anew = await PutAsync("nightly", new { cron = "0 0 1 1 *", text = "xy" });
        Assert.Equal(HttpStatusCode.OK, anew.StatusCode);
        JsonElement timer = (await _world.GetAsync(_timers)).GetProperty("timers").EnumerateArray().Single();
        Assert.Equal(("nightly", "0 0 1 1 *", 2),
            (timer.GetProperty("name").GetString(), timer.GetProperty("cron").GetString(), timer.GetProperty("size").GetInt32()));
        int year = DateTimeOffset.UtcNow.Year + 1;
        Assert.Equal($"{year}-01-01T00:00:00.000Z", timer.GetProperty("next").GetString());
        Assert.Equal(1, (await _world.GetAsync("/v1/services/clock/nodes/a")).GetProperty("timers").GetInt32());
        JsonElement explained = await _world.ExplainAsync("clock", "a");
        Assert.Equal("idle", explained.GetProperty("status").GetString());
        Assert.Contains(
            $"Its next timer fires at {year}-01-01", explained.GetProperty("why").GetString(),
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("t", """{}""", "exactly one")]
    [InlineData("t", """{"cron":"* * * * *","delay":"1s"}""", "exactly one")]
    [InlineData("t", """{"cron":"61 * * * *"}""", "'61 * * * *' is no cron expression")]
    [InlineData("t", """{"cron":"every day"}""", "is no cron expression")]
    [InlineData("t", """{"cron":"0 0 30 2 *"}""", "no time that will ever come")]
    [InlineData("t", """{"cron":"* * * * *","zone":"Mars/Olympus"}""", "'Mars/Olympus' is no time zone")]
    [InlineData("t", """{"cron":"* * * * *","zone":"America"}""", "'America' is no time zone")]
    [InlineData("t", """{"cron":"H * * * *"}""", "'H * * * *' is no cron expression")]
    [InlineData("t", """{"delay":"1s","zone":"Europe/Berlin"}""", "'zone' belongs to 'cron'")]
    [InlineData("t", """{"delay":"400d"}""", "'delay' must be")]
    [InlineData("t", """{"cron":"* * * * *","headers":{"Cookie":"x"}}""", "'headers' may hold")]
    [InlineData("-t", """{"delay":"1s"}""", "A timer's name must be")]
    [InlineData("a%20b", """{"delay":"1s"}""", "A timer's name must be")]
    public async Task A_timer_that_cannot_be_is_refused_with_what_to_write(string name, string body, string says)
    {
        using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage answer = await _world.Http.PutAsync($"{_timers}/{name}", content);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(
            says,
            JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement.GetProperty("detail").GetString(),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_with_a_time_to_live_is_forgotten_if_its_handler_is_not_there()
    {
        await _endpoint.DisposeAsync();
        string id = await _world.SendAsync("clock", "b", "short", query: "?ttl=300ms");
        await HandlerWorld.UntilAsync(async () =>
            (await _world.GetAsync($"/v1/services/clock/messages/{id}")).GetProperty("status")
                .GetString() == "finished");
        string metrics = await _world.Http.GetStringAsync("/metrics");
        Assert.Contains("grains_messages_expired_total", metrics, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_handler_that_sends_to_itself_for_ever_ends_as_a_dead_letter_that_says_so()
    {
        _endpoint.Answer = async (http, pushed) =>
        {
            http.Response.ContentType = "application/json";
            await http.Response.WriteAsync("""{"sends":[{"node":"a","text":"again"}]}""");
        };
        await _world.DeclareAsync("clock", new
        {
            handler = new { kind = "push", urls = new[] { _endpoint.Url } }, mailbox = new { maxHops = 20 },
        });
        await _world.SendAsync("clock", "a", "first");
        Assert.Contains("'mailbox.maxHops' is 20", await _world.DeadAsync("clock", "a"), StringComparison.Ordinal);
        Assert.Equal(21, _endpoint.Seen.Count);
    }

    private Task<HttpResponseMessage> PutAsync(string name, object timer) =>
        _world.Http.PutAsJsonAsync($"{_timers}/{name}", timer);

    private static DateTimeOffset Due(Pushed pushed) =>
        DateTimeOffset.Parse(pushed.Headers["Grains-Timer-Due"], CultureInfo.InvariantCulture);
}
