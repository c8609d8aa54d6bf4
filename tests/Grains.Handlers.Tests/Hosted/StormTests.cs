using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Grains.Api.Deliveries;
using Grains.Handlers.Tests.World;
using Xunit.Abstractions;

namespace Grains.Handlers.Tests.Hosted;

/// <summary>
/// Handlers that send more than anybody can handle: it ends somewhere, and nobody else is held up by it.
/// </summary>
public sealed class StormTests(ITestOutputHelper output)
{
    private const int _mailboxLimit = 100;
    private const int _bound = 10 * _mailboxLimit;
    private const int _sendsPerCommit = 1_000;
    private const int _sinks = 10;
    private const int _floods = 7;

    /// <summary>From sending a message until it was handled; generous, for a machine that does much else.</summary>
    private static readonly TimeSpan _slowest = TimeSpan.FromSeconds(5);

    private static int Messages =>
        int.TryParse(Environment.GetEnvironmentVariable("GRAINS_STORM_MESSAGES"), out int count) ? count : 50_000;

    [Fact]
    public async Task A_storm_that_feeds_itself_stops_growing_at_ten_times_the_mailbox_bound_and_a_person_can_end_it()
    {
        await using HandlerWorld world = await StartAsync();
        await world.DeclareAsync("storm", new
        {
            handler = new { kind = "hosted", batch = 100 }, mailbox = new { limit = _mailboxLimit },
        });
        await world.SendAsync("storm", "a", "x");
        JsonElement explained = default;
        TimeSpan slowest = await SlowestAsync(world, async () =>
        {
            explained = await world.ExplainAsync("storm", "a");
            Assert.InRange(explained.GetProperty("waiting").GetInt32(), 1, _bound);
            return explained.GetProperty("dead").GetInt32() > _bound;
        });
        string why = explained.GetProperty("why").GetString()!;
        Assert.Contains($"at its limit of {_mailboxLimit}", why, StringComparison.Ordinal);
        Assert.Contains("dead letters waiting for a person", why, StringComparison.Ordinal);
        Assert.Equal(
            $"The mailbox held {_bound} messages, 10 times its bound.", await ReasonAsync(world, "storm", "a"));

        await PostAsync(world, "/v1/services/storm:pause");
        await HandlerWorld.UntilAsync(async () =>
            (explained = await world.ExplainAsync("storm", "a")).GetProperty("status").GetString() == "paused");
        int dead = explained.GetProperty("dead").GetInt32();
        await PostAsync(world, "/v1/services/storm/nodes/a:purge");
        await PostAsync(world, "/v1/services/storm:resume");
        await world.UntilIdleAsync("storm", "a");
        output.WriteLine(
            $"figures: a storm of {dead} dead letters; another service's slowest message took "
            + $"{slowest.TotalMilliseconds:F0} ms");
        await AssertServesAsync(world, slowest);
    }

    [Fact]
    public async Task A_class_that_returns_a_million_sends_has_failed_and_another_service_is_served()
    {
        await using HandlerWorld world = await StartAsync();
        await world.DeclareAsync("flood", new
        {
            handler = new { kind = "hosted" }, retry = new { attempts = 2, backoff = "10ms" },
        });
        await world.SendAsync("flood", "a", "1000000");
        string? reason = null;
        TimeSpan slowest = await SlowestAsync(
            world, async () => (reason = await ReasonAsync(world, "flood", "a")) is not null);
        Assert.Contains($"'sends' has over {_sendsPerCommit} entries", reason, StringComparison.Ordinal);
        Assert.Contains(
            $"over {_sendsPerCommit} entries", await world.LastTroubleAsync("flood", "a"), StringComparison.Ordinal);
        Assert.Empty((await world.GetAsync("/v1/services/sink/nodes")).GetProperty("nodes").EnumerateArray());
        await AssertServesAsync(world, slowest);
    }

    [Fact]
    public async Task A_flood_to_a_service_that_nobody_works_on_is_dead_letters_beyond_ten_times_its_bound_and_all_of_it_is_there()
    {
        int commits = Math.Max(2 * _sinks * _bound, Messages) / _sendsPerCommit;
        await using HandlerWorld world = await StartAsync();
        await world.DeclareAsync("flood", new { handler = new { kind = "hosted" } });
        var took = Stopwatch.StartNew();
        Task flooding = Task.WhenAll(Enumerable.Range(0, _floods).Select(async flood =>
        {
            for (int i = flood; i < commits; i += _floods)
            {
                await world.SendAsync("flood", $"f{flood}", $"{_sendsPerCommit}");
            }
        }));
        (int Waiting, int Dead) there = default;
        TimeSpan slowest = await SlowestAsync(world, async () =>
        {
            JsonElement listed = (await world.GetAsync("/v1/services/sink/nodes")).GetProperty("nodes");
            (int Waiting, int Dead)[] nodes =
                [.. listed.EnumerateArray().Select(n => (n.GetProperty("waiting").GetInt32(), n.GetProperty("dead").GetInt32()))];
            Assert.All(nodes, n => Assert.InRange(n.Waiting, 0, _bound));
            there = (nodes.Sum(n => n.Waiting), nodes.Sum(n => n.Dead));
            return flooding.IsCompleted && there.Waiting + there.Dead >= commits * _sendsPerCommit;
        });
        await flooding;
        output.WriteLine(
            $"figures: {commits} commits of {_sendsPerCommit} sends in {took.Elapsed.TotalSeconds:F1} s: "
            + $"{there.Waiting} wait, {there.Dead} are dead letters; "
            + $"another service's slowest message took {slowest.TotalMilliseconds:F0} ms");
        Assert.Equal((_sinks * _bound, (commits * _sendsPerCommit) - (_sinks * _bound)), there);
        Assert.Equal(
            $"The mailbox held {_bound} messages, 10 times its bound.", await ReasonAsync(world, "sink", "s0"));
        JsonElement explained = await world.ExplainAsync("sink", "s0");
        Assert.Equal("no-worker", explained.GetProperty("status").GetString());
        string why = explained.GetProperty("why").GetString()!;
        Assert.Contains($"at its limit of {_mailboxLimit}", why, StringComparison.Ordinal);
        using HttpResponseMessage outside = await world.Http.PostAsync(
            "/v1/services/sink/nodes/s0/messages", new StringContent("x"));
        Assert.Equal(HttpStatusCode.TooManyRequests, outside.StatusCode);
        await AssertServesAsync(world, slowest);
    }

    /// <summary>With a service that only answers, and one that nobody works on.</summary>
    private static async Task<HandlerWorld> StartAsync()
    {
        HandlerWorld world = await HandlerWorld.StartAsync(
            silo => silo.AddHandler<Doubler>("storm").AddHandler<Flooder>("flood").AddHandler<Answerer>("calm"));
        await world.DeclareAsync("calm", new { handler = new { kind = "hosted" } });
        await world.DeclareAsync(
            "sink", new { handler = new { kind = "pull" }, mailbox = new { limit = _mailboxLimit } });
        return world;
    }

    /// <summary>Sends to the calm service, one message after another, and some after it is done.</summary>
    /// <returns>The longest that one took to be answered.</returns>
    private static async Task<TimeSpan> SlowestAsync(HandlerWorld world, Func<Task<bool>> done)
    {
        TimeSpan slowest = default;
        bool isDone = false;
        using var deadline = new CancellationTokenSource(
            TimeSpan.FromSeconds(60) + TimeSpan.FromMilliseconds(Messages));
        for (int i = 0; i < 20 || !isDone; i++)
        {
            deadline.Token.ThrowIfCancellationRequested();
            var took = Stopwatch.StartNew();
            string message = i.ToString(CultureInfo.InvariantCulture);
            await world.SendAsync("calm", $"c{i % 8}", message);
            await HandlerWorld.UntilAsync(async () => await world.StateAsync("calm", $"c{i % 8}") == message);
            slowest = took.Elapsed > slowest ? took.Elapsed : slowest;
            isDone = isDone || await done();
        }

        return slowest;
    }

    private static async Task AssertServesAsync(HandlerWorld world, TimeSpan slowest)
    {
        Assert.InRange(slowest, TimeSpan.Zero, _slowest);
        Assert.Equal(HttpStatusCode.OK, (await world.Http.GetAsync("/readyz")).StatusCode);
    }

    /// <summary>Of the node's first dead letter; null: there is none.</summary>
    private static async Task<string?> ReasonAsync(HandlerWorld world, string service, string node)
    {
        JsonElement page = await world.GetAsync($"/v1/services/{service}/nodes/{node}/dead?limit=1");
        JsonElement letters = page.GetProperty("messages");
        return letters.GetArrayLength() == 0 ? null : letters[0].GetProperty("reason").GetString();
    }

    private static async Task PostAsync(HandlerWorld world, string path)
    {
        using HttpResponseMessage answer = await world.Http.PostAsync(path, null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>Two for one, to itself.</summary>
    private sealed class Doubler : IHandler
    {
        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            var send = new CommitSend { Node = delivery.Node, Text = "x" };
            return ValueTask.FromResult(new CommitRequest
            {
                Sends = [.. Enumerable.Repeat(send, 2 * delivery.Messages.Length)],
            });
        }
    }

    /// <summary>Sends as many as it is told.</summary>
    private sealed class Flooder : IHandler
    {
        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            int count = int.Parse(delivery.Messages[0].Text!, CultureInfo.InvariantCulture);
            return ValueTask.FromResult(new CommitRequest
            {
                Sends =
                [
                    .. Enumerable.Range(0, count)
                        .Select(i => new CommitSend { Service = "sink", Node = $"s{i % _sinks}", Text = "x" }),
                ],
            });
        }
    }

    /// <summary>Its state is the last message that it handled.</summary>
    private sealed class Answerer : IHandler
    {
        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel) =>
            ValueTask.FromResult(new CommitRequest
            {
                State = new CommitState { Text = delivery.Messages[^1].Text, ContentType = "text/plain" },
            });
    }
}
