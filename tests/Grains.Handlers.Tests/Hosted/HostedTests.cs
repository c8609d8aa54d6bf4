using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Grains.Api.Deliveries;
using Grains.Handlers.Tests.World;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Handlers.Tests.Hosted;

/// <summary>Classes built into a server.</summary>
public sealed class HostedTests
{
    [Fact]
    public async Task A_class_with_what_its_constructor_asks_for_handles_and_what_it_returns_is_committed()
    {
        var seen = new Seen();
        await using HandlerWorld world = await HandlerWorld.StartAsync(silo =>
        {
            silo.Services.AddSingleton(seen);
            silo.AddHandler<Counter>("counter");
        });
        await world.DeclareAsync("counter", new { handler = new { kind = "hosted", batch = 10 } });
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => world.SendAsync("counter", $"n{i % 5}", "1")));
        for (int i = 0; i < 5; i++)
        {
            await world.UntilIdleAsync("counter", $"n{i}");
            Assert.Equal("10", await world.StateAsync("counter", $"n{i}"));
        }

        Assert.Equal(50, seen.Messages);
    }

    [Fact]
    public async Task What_it_throws_decides_again_later_never_or_again()
    {
        var seen = new Seen();
        await using HandlerWorld world = await HandlerWorld.StartAsync(silo =>
        {
            silo.Services.AddSingleton(seen);
            silo.AddHandler<Moody>("moody");
        });
        await world.DeclareAsync("moody", new
        {
            handler = new { kind = "hosted", timeout = "2s" }, retry = new { attempts = 2, backoff = "10ms" },
        });
        foreach (string node in new[] { "later", "never", "throws", "hangs", "null", "callback", "far" })
        {
            await world.SendAsync("moody", node, "x");
        }

        Assert.Contains("no such order", await world.DeadAsync("moody", "never"), StringComparison.Ordinal);
        Assert.Contains(
            "InvalidOperationException: out of tea", await world.DeadAsync("moody", "throws"),
            StringComparison.Ordinal);
        Assert.Contains("no answer within 2s", await world.DeadAsync("moody", "hangs"), StringComparison.Ordinal);
        Assert.Contains("returned null", await world.DeadAsync("moody", "null"), StringComparison.Ordinal);
        Assert.Contains("no answer within 2s", await world.DeadAsync("moody", "callback"), StringComparison.Ordinal);
        JsonElement far = await world.ExplainAsync("moody", "far");
        Assert.Equal("held", far.GetProperty("status").GetString());
        await world.UntilIdleAsync("moody", "later");
        Assert.Equal(["1", "1", "1"], seen.Attempts["later"].Select(a => $"{a}"));
        Assert.Equal(["1", "2"], seen.Attempts["throws"].Select(a => $"{a}"));
        Assert.Equal(["1"], seen.Attempts["never"].Select(a => $"{a}"));
    }

    [Fact]
    public async Task A_service_that_no_server_has_a_class_for_waits_and_it_is_said_what_to_do()
    {
        await using HandlerWorld world = await HandlerWorld.StartAsync();
        await world.DeclareAsync("nobody", new { handler = new { kind = "hosted" } });
        await world.SendAsync("nobody", "a", "x");
        JsonElement explained = default;
        await HandlerWorld.UntilAsync(async () =>
            (explained = await world.ExplainAsync("nobody", "a")).GetProperty("status").GetString() == "suspended");
        Assert.Contains(
            "AddHandler<T>(\"nobody\")", explained.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal(1, explained.GetProperty("waiting").GetInt32());
    }

    [Fact]
    public async Task Two_classes_for_one_service_and_a_bad_name_are_refused_at_the_start()
    {
        InvalidOperationException two = await Assert.ThrowsAnyAsync<InvalidOperationException>(
            () => HandlerWorld.StartAsync(silo => silo.AddHandler<Counter>("a").AddHandler<Moody>("a")));
        Assert.Contains("'a' is given two handlers", two.Message, StringComparison.Ordinal);
        ArgumentException name = await Assert.ThrowsAsync<ArgumentException>(
            () => HandlerWorld.StartAsync(silo => silo.AddHandler<Counter>("No Name")));
        Assert.Contains("'No Name' is no name of a service", name.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_stops_gives_back_what_its_handlers_still_hold_without_counting_it()
    {
        var seen = new Seen();
        HandlerWorld world = await HandlerWorld.StartAsync(silo =>
        {
            silo.Services.AddSingleton(seen);
            silo.AddHandler<Moody>("moody");
        });
        await using (world)
        {
            await world.DeclareAsync("moody", new { handler = new { kind = "hosted", timeout = "5m" } });
            await world.SendAsync("moody", "hangs", "x");
            await HandlerWorld.UntilAsync(() => Task.FromResult(seen.Attempts.ContainsKey("hangs")));
        }

        // It stopped in a bounded time; what is left is looked at by the server tests, on the folder.
        Assert.Equal([1], seen.Attempts["hangs"]);
    }

    internal sealed class Seen
    {
        private int _messages;

        public int Messages => Volatile.Read(ref _messages);

        public ConcurrentDictionary<string, ConcurrentQueue<int>> Attempts { get; } = new();

        public void Add(Delivery delivery)
        {
            Interlocked.Add(ref _messages, delivery.Messages.Length);
            Attempts.GetOrAdd(delivery.Node, _ => new()).Enqueue(delivery.Messages[0].Attempt);
        }
    }

    private sealed class Counter(Seen seen) : IHandler
    {
        public ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            seen.Add(delivery);
            int count = int.Parse(delivery.State?.Text ?? "0", CultureInfo.InvariantCulture) + delivery.Messages.Length;
            return ValueTask.FromResult(
                new CommitRequest { State = new CommitState { Text = $"{count}", ContentType = "text/plain" } });
        }
    }

    private sealed class Moody(Seen seen) : IHandler
    {
        public async ValueTask<CommitRequest> HandleAsync(Delivery delivery, CancellationToken cancel)
        {
            seen.Add(delivery);
            switch (delivery.Node)
            {
                case "later" when seen.Attempts["later"].Count < 3:
                    throw new LaterException(TimeSpan.FromMilliseconds(10));
                case "never":
                    throw new DeadLetterException("no such order");
                case "throws":
                    throw new InvalidOperationException("out of tea");
                case "hangs":
                    await Task.Delay(Timeout.Infinite, CancellationToken.None);
                    break;
                case "null":
                    return null!;
                case "callback":
                    // What is called when it is cancelled fails, and takes nothing else along.
                    cancel.Register(() => throw new InvalidOperationException("in a callback"));
                    await Task.Delay(Timeout.Infinite, CancellationToken.None);
                    break;
                case "far":
                    throw new LaterException(TimeSpan.MaxValue);
            }

            return new CommitRequest();
        }
    }
}
