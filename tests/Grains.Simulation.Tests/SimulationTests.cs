using System.Diagnostics;
using Grains.Simulation.Tests.Planted;
using Xunit.Abstractions;

namespace Grains.Simulation.Tests;

/// <summary>GRAINS_SEEDS says how many seeds to run, GRAINS_SEED which one to repeat.</summary>
public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int _seeds = 150;
    private const int _seedsToFind = 60;

    public static TheoryData<string> Planted => [.. Plants.All.Keys];

    [Fact]
    public void No_seed_finds_a_lost_repeated_or_stale_answer()
    {
        int[] seeds = Seed("GRAINS_SEED") is { } one ? [one] : [.. Enumerable.Range(1, Seed("GRAINS_SEEDS") ?? _seeds)];
        List<RunResult> broken = [];
        var figures = new Figures();
        foreach (int seed in seeds)
        {
            RunResult result = SimRun.Run(seed);
            figures.Add(result);
            if (!result.IsSound)
            {
                broken.Add(result);
                output.WriteLine($"{result}");
            }
        }

        output.WriteLine($"{figures}");
        Assert.False(seeds.Length >= _seeds && figures.IsHollow, $"too little happened: {figures}");
        Assert.True(broken.Count == 0, $"{broken.Count} of {seeds.Length} seeds:\n{string.Join("\n", broken.Take(3))}");
    }

    [Fact]
    public void The_same_seed_gives_the_same_run()
    {
        for (int seed = 1; seed <= 4; seed++)
        {
            RunResult first = SimRun.Run(seed);
            RunResult second = SimRun.Run(seed);
            Assert.Equal((first.Trace, first.World.Kernel.Steps), (second.Trace, second.World.Kernel.Steps));
        }

        Assert.NotEqual(SimRun.Run(1).Trace, SimRun.Run(2).Trace);
    }

    [Theory]
    [MemberData(nameof(Planted))]
    public void A_planted_bug_is_found(string bug)
    {
        long begun = Stopwatch.GetTimestamp();
        for (int seed = 1; seed <= _seedsToFind; seed++)
        {
            RunResult result = SimRun.Run(seed, Plants.All[bug]());
            if (!result.IsSound)
            {
                output.WriteLine($"{bug}: found at seed {seed}, after {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} s\n{result}");
                return;
            }
        }

        Assert.Fail($"{bug}: not found in {_seedsToFind} seeds");
    }

    private static int? Seed(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), out int value) ? value : null;
}
