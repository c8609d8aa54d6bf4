using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>Callers that wait for replies, and timers, while servers are killed.</summary>
public class RequestTests(ITestOutputHelper output)
{
    private static readonly TimeSpan _calm = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task On_one_server_that_is_killed_each_request_is_handled_once_and_replied_to_and_no_timer_fires_twice_for_a_time()
    {
        using var folder = new TempFolder();
        ServerSettings settings = ServerSettings.Embedded(folder.File("data"), folder.File("server.log"));
        await using var server = new ServerProcess(settings with { Program = Programs.Handlers });
        await server.StartAsync();
        await RunAsync([server], server.LogTail);
    }

    [Fact]
    public async Task On_a_cluster_whose_servers_are_killed_each_request_is_handled_once_and_replied_to_and_no_timer_fires_twice_for_a_time()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(program: Programs.Handlers);
        await RunAsync(world.Servers, world.LogTails);
    }

    private async Task RunAsync(IReadOnlyList<ServerProcess> servers, Func<string> log)
    {
        int kills = Math.Clamp(Seed.Count("GRAINS_KILLS", 2), 1, 20);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(RequestTests), $"GRAINS_KILLS={kills}");
        output.WriteLine(repeat);
        var random = new Random(seed);
        var moments = new RandomMoments(seed);
        using var requests = new Requests([.. servers.Select(s => s.Url)]);
        await requests.BeginAsync();
        using var stop = new CancellationTokenSource();
        Task<string[]> asking = requests.AskAsync(stop.Token);
        for (int i = 0; i < kills && !asking.IsCompleted; i++)
        {
            await moments.NextAsync();
            ServerProcess victim = servers[random.Next(servers.Count)];
            victim.Kill();
            await victim.StartAsync();
        }

        await Task.Delay(_calm);
        await stop.CancelAsync();
        string[] wrong = await asking;
        (string[] late, int fired) = await requests.TimersAsync();
        output.WriteLine($"figures: {servers.Count} servers, {kills} kills, {requests.Answered} requests replied to, "
            + $"{requests.Repeated} sent again, timers fired {fired} times");
        Assert.True(wrong.Length + late.Length == 0, $"{string.Join('\n', wrong.Concat(late))}\n{repeat}\n{log()}");
        Assert.True(requests.Repeated > 0, $"No request met a killed server; {repeat}");
    }
}
