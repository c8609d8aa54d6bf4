using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>Handlers that send to each other, built in and pushed to, while servers and handlers are killed and frozen.</summary>
public class RingTests(ITestOutputHelper output)
{
    private const int _hopsByDefault = 3_000;
    private const int _faultsByDefault = 4;

    /// <summary>An attempt meets a fault every second, and a hop takes milliseconds: far more than any ring needs.</summary>
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120) + TimeSpan.FromMilliseconds(Hops * 10);

    private static int Hops => Seed.Count("GRAINS_HOPS", _hopsByDefault);

    [Fact]
    public async Task On_one_server_every_hop_of_a_ring_happens_once_and_in_order_while_it_and_the_handlers_are_killed()
    {
        for (int i = 0; i < Seed.Count("GRAINS_RINGS", 1); i++)
        {
            using var folder = new TempFolder();
            ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
            await using var server = new ServerProcess(settings with { Program = Programs.Handlers });
            await using var handlers = new HandlerProcess(null);
            await Task.WhenAll(server.StartAsync(), handlers.StartAsync());
            await RunAsync(0, [server], handlers, server.LogTail);
        }
    }

    [Fact]
    public async Task On_a_cluster_every_hop_of_a_ring_happens_once_and_in_order_while_servers_and_handlers_are_killed()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(
            program: Programs.Handlers, arguments: ["--push-to", "0.0.0.0/0"]);
        await using var handlers = new HandlerProcess(world.AddEnd("handlers"));
        await handlers.StartAsync();
        for (int i = 0; i < Seed.Count("GRAINS_RINGS", 1); i++)
        {
            await RunAsync(i, world.Servers, handlers, world.LogTails);
        }
    }

    [Fact]
    public async Task Where_one_server_alone_has_the_class_the_others_give_it_their_deliveries_and_wait_while_it_is_gone()
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(RingTests), $"GRAINS_HOPS={Hops}");
        output.WriteLine(repeat);
        await using ClusterWorld world = await ClusterWorld.StartAsync(servers: 2);
        ServerProcess able = world.AddServer(Programs.Handlers);
        await able.StartAsync();
        using var ring = new Ring("ring-0", Hops, [.. world.Servers.Select(s => s.Url)]);
        var moments = new RandomMoments(seed);
        await ring.BeginAsync(new { kind = "hosted" });

        // The first as soon as the tokens are out, long before any is home; the second at some later moment, if there is one.
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
        int number, IReadOnlyList<ServerProcess> servers, HandlerProcess handlers, Func<string> log)
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(RingTests), $"GRAINS_HOPS={Hops}");
        output.WriteLine(repeat);
        Uri[] urls = [.. servers.Select(s => s.Url)];

        using var hosted = new Ring($"ring-{number}", Hops, urls);
        using var pushed = new Ring($"pushed-{number}", Hops, urls);
        await hosted.BeginAsync(new { kind = "hosted", batch = 4 });
        await pushed.BeginAsync(new { kind = "push", urls = new[] { handlers.Url }, mode = "envelope", batch = 4, timeout = "1s" });
        var faults = new RingFaults(seed, Seed.Count("GRAINS_RING_FAULTS", _faultsByDefault), servers, handlers);
        using var stop = new CancellationTokenSource();
        Task breaking = faults.RunAsync(stop.Token);
        var took = System.Diagnostics.Stopwatch.StartNew();
        try
        {
            await Task.WhenAll(hosted.UntilAllEndedAsync(_deadline), pushed.UntilAllEndedAsync(_deadline));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"Hosted {await hosted.EndedAsync()} and pushed {await pushed.EndedAsync()} of {hosted.Tokens} tokens came home; "
                + $"{repeat}\n{log()}");
        }
        finally
        {
            await stop.CancelAsync();
            await breaking;
        }

        output.WriteLine($"figures: {servers.Count} servers, hosted and pushed rings of {hosted.Nodes} nodes, {hosted.Hops} hops each, "
            + $"in {took.Elapsed.TotalSeconds:F1} s; {faults.Figures}");
        List<string> wrong = [.. await hosted.CheckAsync(), .. await pushed.CheckAsync()];
        Assert.True(wrong.Count == 0, $"{repeat}\n{string.Join('\n', wrong.Take(20))}\n{log()}");
        Assert.True(faults.Count > 0, $"The rings came home before anything was broken; {repeat}");
    }
}
