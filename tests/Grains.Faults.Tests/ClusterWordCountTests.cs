using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

[Collection(ClusterFixture.Name)]
public class ClusterWordCountTests(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int _copies = 30;
    private const int _timesMax = 10;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Words_counted_while_servers_of_a_cluster_are_killed_equal_those_of_sort_and_uniq()
    {
        int times = Math.Min(Seed.Count("GRAINS_CLUSTER_FAULTS", 1), _timesMax);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(ClusterWordCountTests), $"GRAINS_CLUSTER_FAULTS={times}");
        output.WriteLine(repeat);
        ClusterWorld world = await cluster.TakeAsync();
        string text = world.File("text.txt");
        string sample = await File.ReadAllTextAsync(WordCount.Sample);
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat(sample, _copies * times)));
        using var stop = new CancellationTokenSource();
        Task<int> killing = KillAsync(world, seed, stop.Token);
        (int exitCode, string said) = await WordCount.RunAsync(
            [text, "--kills", "1", "--seed", $"{seed}", .. world.Servers.SelectMany(s => new[] { "--url", $"{s.Url}" })],
            _deadline * times);
        await stop.CancelAsync();
        int kills = await killing;

        output.WriteLine($"figures: cluster of {world.Servers.Count}, {kills} kills of servers: {WordCount.LastLine(said)}");
        Assert.True(exitCode == 0, $"{repeat}\n{said}\n{world.LogTails()}");
        Assert.Contains("0 differences", said, StringComparison.Ordinal);
        Assert.True(kills > 0, $"The words were counted before a server was killed; {repeat}");
        cluster.GiveBack();
    }

    /// <summary>One after another: two dead at once are more than a cluster of three is asked to bear at its fastest.</summary>
    private static async Task<int> KillAsync(ClusterWorld world, int seed, CancellationToken stop)
    {
        var random = new Random(seed);
        var moments = new RandomMoments(seed);
        int kills = 0;
        await moments.NextAsync();
        for (; !stop.IsCancellationRequested; kills++)
        {
            ServerProcess victim = world.Servers[random.Next(world.Servers.Count)];
            victim.Kill();
            await moments.NextAsync();
            await victim.StartAsync();
            await moments.NextAsync();
        }

        return kills;
    }
}
