using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// Handlers, built in and pushed to, while servers and handlers are killed and frozen. A lap is all kinds of their work
/// at once: rings of nodes that send to each other, a bank that moves money between accounts, callers that wait for
/// replies, and timers of every second. Meanwhile a backup is taken, and restored at the end.
/// </summary>
public class HandlerTests(ITestOutputHelper output)
{
    private const int _hopsByDefault = 1_000;
    private const int _faultsByDefault = 4;

    /// <summary>Orders accepted before anything is broken, so that the backup has something to lose.</summary>
    private const int _movesBefore = 100;

    /// <summary>
    /// An attempt meets a fault every second, and a hop takes milliseconds: far more than any ring needs.
    /// </summary>
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120) + TimeSpan.FromMilliseconds(Hops * 10);

    private static readonly TimeSpan _settleDeadline = TimeSpan.FromSeconds(60);

    private static int Hops => Seed.Count("GRAINS_HOPS", _hopsByDefault);

    private static int Laps => Seed.Count("GRAINS_RINGS", 1);

    [Fact]
    public async Task On_one_server_that_is_killed_every_hop_move_and_request_happens_once_and_no_timer_fires_twice_for_a_time()
    {
        using var folder = new TempFolder();
        ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
        await using var server = new ServerProcess(settings with { Program = Programs.Handlers });
        await using var handlers = new HandlerProcess(null);
        await Task.WhenAll(server.StartAsync(), handlers.StartAsync());
        for (int lap = 0; lap < Laps; lap++)
        {
            await RunAsync(lap, [server], handlers, server.LogTail);
        }
    }

    [Fact]
    public async Task On_a_cluster_whose_servers_are_killed_every_hop_move_and_request_happens_once_and_no_timer_fires_twice_for_a_time()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(
            program: Programs.Handlers, arguments: ["--push-to", "0.0.0.0/0"]);
        await using var handlers = new HandlerProcess(world.AddEnd("handlers"));
        await handlers.StartAsync();
        for (int lap = 0; lap < Laps; lap++)
        {
            await RunAsync(lap, world.Servers, handlers, world.LogTails);
        }
    }

    [Fact]
    public async Task Where_one_server_alone_has_the_class_the_others_give_it_their_deliveries_and_wait_while_it_is_gone()
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(HandlerTests), $"GRAINS_HOPS={Hops}");
        output.WriteLine(repeat);
        await using ClusterWorld world = await ClusterWorld.StartAsync(servers: 2);
        ServerProcess able = world.AddServer(Programs.Handlers);
        await able.StartAsync();
        using var ring = new Ring("ring-0", Hops, [.. world.Servers.Select(s => s.Url)]);
        var moments = new RandomMoments(seed);
        await ring.BeginAsync(new { kind = "hosted" });

        // The first as soon as the tokens are out, long before any is home; the second at some later moment, if there
        // is one.
        int kills = 0;
        Task ended = ring.UntilAllEndedAsync(_deadline);
        do
        {
            able.Kill();
            kills++;
            await able.StartAsync();
            await moments.NextAsync();
        }
        while (kills < 2 && !ended.IsCompleted);

        await ended;
        output.WriteLine($"figures: one of three servers has the class, {ring.Hops} hops, {kills} kills of it");
        List<string> wrong = await ring.CheckAsync();
        Assert.True(wrong.Count == 0, $"{repeat}\n{string.Join('\n', wrong.Take(20))}\n{world.LogTails()}");
    }

    private async Task RunAsync(
        int lap, IReadOnlyList<ServerProcess> servers, HandlerProcess handlers, Func<string> log)
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(HandlerTests), $"GRAINS_HOPS={Hops}");
        output.WriteLine(repeat);
        Uri[] urls = [.. servers.Select(s => s.Url)];
        using var folder = new TempFolder();
        string image = folder.File("image");

        using var hosted = new Ring($"ring-{lap}", Hops, urls);
        using var pushed = new Ring($"pushed-{lap}", Hops, urls);
        using var bank = new Bank(seed, $"bank-{lap}", urls);
        using var requests = new Requests($"clerk-{lap}", urls);
        await bank.OpenAsync(new { kind = "hosted", batch = 4 });
        await requests.BeginAsync();
        await hosted.BeginAsync(new { kind = "hosted", batch = 4 });
        await pushed.BeginAsync(
            new { kind = "push", urls = new[] { handlers.Url }, mode = "envelope", batch = 4, timeout = "1s" });

        using var stop = new CancellationTokenSource();
        Task moving = bank.MoveAsync(stop.Token);
        Task<string[]> asking = requests.AskAsync(stop.Token);
        var faults = new HandlerFaults(
            seed, Seed.Count("GRAINS_RING_FAULTS", _faultsByDefault), servers, handlers,
            s => Bank.BackupAsync(s.Url, image));
        await bank.UntilMovedAsync(_movesBefore, _settleDeadline);
        using var home = new CancellationTokenSource();
        Task breaking = faults.RunAsync(home.Token);
        var took = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            await Task.WhenAll(hosted.UntilAllEndedAsync(_deadline), pushed.UntilAllEndedAsync(_deadline));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail(
                $"Hosted {await hosted.EndedAsync()} and pushed {await pushed.EndedAsync()} of {hosted.Tokens} tokens "
                + "came home; "
                + $"{repeat}\n{log()}");
        }
        finally
        {
            await home.CancelAsync();
            await breaking;
            await stop.CancelAsync();
        }

        await moving;
        string[] unanswered = await asking;
        (string[] late, int fired) = await requests.TimersAsync();
        Accounts now = await bank.SettledAsync(_settleDeadline);
        string[] wrong =
        [
            .. unanswered, .. late, .. await hosted.CheckAsync(), .. await pushed.CheckAsync(),
            .. now.Moved == bank.Moves
            ? Array.Empty<string>()
            : [$"{bank.Moves} moves were accepted and {now.Moved} happened"],
            .. now.IsWhole ? Array.Empty<string>() : [$"money was lost or made: {now}"],
        ];
        output.WriteLine(
            $"figures: {servers.Count} servers, hosted and pushed rings of {hosted.Nodes} nodes, {hosted.Hops} hops "
            + "each, "
            + $"in {took.Elapsed.TotalSeconds:F1} s; {now.Moved} moves; {requests.Answered} requests replied to, "
            + $"{requests.Repeated} sent again; timers fired {fired} times; {faults.Figures}");
        Assert.True(wrong.Length == 0, $"{repeat}\n{string.Join('\n', wrong.Take(20))}\n{log()}");
        Assert.True(faults.Count > 0, $"The rings came home before anything was broken; {repeat}");
        Assert.True(requests.Repeated > 0, $"No request met a killed server; {repeat}");
        await CheckBackupAsync(lap, folder, now, repeat);
    }

    /// <summary>The bank of a backup that was taken meanwhile settles as well: nothing is lost in it or made.</summary>
    private async Task CheckBackupAsync(int lap, TempFolder folder, Accounts now, string repeat)
    {
        string restored = folder.File("restored");
        Tool.MustRun("dotnet", Programs.Handlers, "restore", folder.File("image"), "--data", restored, "--live");
        ServerSettings settings = ServerSettings.Embedded(restored, folder.File("restored.log"));
        await using var other = new ServerProcess(settings with { Program = Programs.Handlers });
        await other.StartAsync();
        using var copy = new Bank(0, $"bank-{lap}", settings.Url);
        Accounts then = await copy.SettledAsync(_settleDeadline);
        output.WriteLine($"figures: the backup held {then.Moved} of {now.Moved} moves");
        Assert.True(then.IsWhole, $"of the backup, {then}; {repeat}\n{other.LogTail()}");
        Assert.InRange(then.Moved, _movesBefore, now.Moved);
    }
}
