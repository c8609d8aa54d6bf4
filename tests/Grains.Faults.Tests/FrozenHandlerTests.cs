using System.Diagnostics;
using System.Net;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// Handlers that are frozen in the middle of deliveries, for longer than these last, and then answer as if nothing had
/// happened. Each moves money between accounts; a late answer that counted would lose or make some.
/// </summary>
public class FrozenHandlerTests(ITestOutputHelper output)
{
    private const string _service = "slow-bank";

    /// <summary>Ends while they are frozen, so that somebody else has their messages.</summary>
    private const string _lease = "2s";

    /// <summary>Then every account has something to do at any moment.</summary>
    private const int _movesBefore = 200;

    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(20);

    private static TimeSpan Length => TimeSpan.FromSeconds(Math.Max(4, Seed.Count("GRAINS_FREEZE_SECONDS", 4)));

    [Fact]
    public async Task What_a_pushed_handler_answers_after_it_was_frozen_changes_nothing_and_another_handled_its_messages_once()
    {
        using var folder = new TempFolder();
        await using var server = new ServerProcess(
            ServerSettings.Embedded(folder.File("data"), folder.File("server.log")));
        await using var frozen = new HandlerProcess(null);
        await using var other = new HandlerProcess(null);
        await Task.WhenAll(server.StartAsync(), frozen.StartAsync(), other.StartAsync());
        string[] urls = [.. new[] { frozen, other }.Select(h => $"{h.Url}{_service}")];
        var handler = new { kind = "push", urls, mode = "envelope", batch = 100, timeout = "1s" };
        await RunAsync([server], handler, server.LogTail, async _ =>
        {
            await UntilHeldAsync(frozen.Freeze, frozen.Thaw, () => Held(frozen.Said));
            await Task.Delay(Length);
            string[] held = Held(frozen.Said);
            frozen.Thaw();
            await UntilAsync(() => Task.FromResult(held.Length == Late(held, frozen.Said)));
            return (held, held.Length);
        });
    }

    [Fact]
    public async Task What_a_class_returns_after_its_server_was_frozen_changes_nothing_and_others_handled_its_messages_once()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(program: Programs.Handlers);
        using var callers = new Callers([.. world.Servers.Select(s => s.Url)]);
        var view = new ClusterView(callers.Next());
        await view.SettleAsync(world.Servers.Count, _deadline);

        // It has time enough; it is its delivery that is over when it answers.
        var handler = new { kind = "hosted", batch = 100, timeout = "5m" };
        await RunAsync(world.Servers, handler, world.LogTails, async random =>
        {
            ServerProcess victim = world.Servers[random.Next(world.Servers.Count)];
            await UntilHeldAsync(victim.Freeze, victim.Thaw, () => Held(victim.Said()));
            await Task.Delay(Length);
            await UntilAsync(async () => !ClusterView.Counts(await view.PartitionsAsync()).ContainsKey(victim.Name));
            string[] held = Held(victim.Said());
            victim.Thaw();

            // It finds out by itself that it is out; some handlers answer before that.
            await UntilAsync(() => Task.FromResult(!victim.IsRunning));
            await world.RestartEndedAsync();
            return (held, Late(held, victim.Said()));
        });
    }

    /// <param name="servers">Of the bank.</param>
    /// <param name="handler">As declared.</param>
    /// <param name="log">Of the servers.</param>
    /// <param name="freeze">
    /// Freezes something and thaws it; the deliveries that it held, and how many of them it answered afterwards.
    /// </param>
    private async Task RunAsync(
        IReadOnlyList<ServerProcess> servers,
        object handler,
        Func<string> log,
        Func<Random, Task<(string[] Held, int Late)>> freeze)
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(FrozenHandlerTests), $"GRAINS_FREEZE_SECONDS={Length.TotalSeconds}");
        output.WriteLine(repeat);
        using var bank = new Bank(seed, _service, [.. servers.Select(s => s.Url)]);
        await bank.OpenAsync(handler, _lease);
        using var stop = new CancellationTokenSource();
        Task moving = bank.MoveAsync(stop.Token);
        await bank.UntilMovedAsync(_movesBefore, _deadline);
        var took = Stopwatch.StartNew();
        int before = bank.Moves;
        (string[] held, int late) = await freeze(new Random(seed));
        int meanwhile = bank.Moves - before;
        TimeSpan length = took.Elapsed;
        await stop.CancelAsync();
        await moving;
        Assert.True(held.Length > 0, $"Nothing was held when it was frozen; {repeat}\n{log()}");
        foreach (string delivery in held)
        {
            (HttpStatusCode status, string text) = await bank.RobAsync(delivery);
            Assert.True(
                status == HttpStatusCode.Conflict && text.Contains("delivery-gone", StringComparison.Ordinal),
                $"The commit of a delivery that was lost: {status} {text}; {repeat}\n{log()}");
        }

        Accounts now = await bank.SettledAsync(_deadline);
        output.WriteLine(
            $"figures: frozen for {Length.TotalSeconds} s with {held.Length} deliveries, {late} of them answered late; "
            + $"{now.Moved} moves, {meanwhile} of them in the {length.TotalSeconds:F1} s until it was back");
        Assert.True(
            now.Moved == bank.Moves, $"{bank.Moves} moves were accepted and {now.Moved} happened; {repeat}\n{log()}");
        Assert.True(now.IsWhole, $"{now}; {repeat}\n{log()}");
    }

    /// <summary>Deliveries that a slow account has not answered.</summary>
    private static string[] Held(IEnumerable<string> said) => [.. Words(said, "holds").Except(Words(said, "answers"))];

    private static int Late(string[] held, IEnumerable<string> said) => held.Intersect(Words(said, "answers")).Count();

    private static IEnumerable<string> Words(IEnumerable<string> said, string first) =>
        from line in said
        let words = line.Split(' ')
        where words.Length == 2 && words[0] == first
        select words[1];

    /// <summary>
    /// Freezes it while it holds something: where it has just answered everything, it is let go on and tried again.
    /// </summary>
    private static async Task UntilHeldAsync(Action freeze, Action thaw, Func<string[]> held)
    {
        await UntilAsync(async () =>
        {
            freeze();
            string[] first;
            do
            {
                // What it said before it was frozen may still be on its way here.
                first = held();
                await Task.Delay(_pollPeriod);
            }
            while (!first.SequenceEqual(held()));
            if (first.Length > 0)
            {
                return true;
            }

            thaw();
            return false;
        });
    }

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (!await holds())
        {
            await Task.Delay(_pollPeriod, deadline.Token);
        }
    }
}
