using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class ClusterWordCountTests(ITestOutputHelper output)
{
    private const int _copies = 30;

    /// <summary>At points of the work at which the sample stops and says so.</summary>
    private const int _killsEach = 2;

    private const int _timesMax = 10;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task Words_counted_while_servers_of_a_cluster_are_killed_equal_those_of_sort_and_uniq()
    {
        int times = Math.Min(Seed.Count("GRAINS_CLUSTER_FAULTS", 1), _timesMax);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(ClusterWordCountTests), $"GRAINS_CLUSTER_FAULTS={times}");
        output.WriteLine(repeat);
        await using ClusterWorld world = await ClusterWorld.StartAsync();
        string text = world.File("text.txt");
        string sample = await File.ReadAllTextAsync(WordCount.Sample);
        await File.WriteAllTextAsync(text, string.Concat(Enumerable.Repeat(sample, _copies * times)));
        var random = new Random(seed);
        Task<int> bringingBack = Task.FromResult(0);
        (int exitCode, string said) = await WordCount.RunAsync(
            [
                text, "--kills", "1", "--stops", $"{_killsEach * times}", "--seed", $"{seed}",
                .. world.Servers.SelectMany(s => new[] { "--url", $"{s.Url}" }),
            ],
            _deadline * times,
            async () => bringingBack = KillAsync(world.Servers[random.Next(world.Servers.Count)], await bringingBack));
        int kills = await bringingBack;

        output.WriteLine(
            $"figures: cluster of {world.Servers.Count}, {kills} kills of servers: {WordCount.LastLine(said)}");
        Assert.True(exitCode == 0, $"{repeat}\n{said}\n{world.LogTails()}");
        Assert.Contains("0 differences", said, StringComparison.Ordinal);
        Assert.Equal(_killsEach * times, kills);
    }

    /// <summary>
    /// Dead when it returns its task; words are counted while it comes back. One after another: two dead at once are
    /// more than a cluster of three is asked to bear at its fastest.
    /// </summary>
    private static async Task<int> KillAsync(ServerProcess victim, int before)
    {
        victim.Kill();
        await victim.StartAsync();
        return before + 1;
    }
}
