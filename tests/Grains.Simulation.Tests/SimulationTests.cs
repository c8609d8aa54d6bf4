using System.Collections.Concurrent;
using System.Diagnostics;
using Grains.Simulation.Tests.Planted;
using Xunit.Abstractions;

namespace Grains.Simulation.Tests;

public sealed class SimulationTests(ITestOutputHelper output)
{
    private const int _seedsToFind = 200;
    private const int _brokenMax = 20;
    private const int _brokenShown = 3;

    public static TheoryData<string> Planted => [.. Plants.All.Keys];

    /// <summary>
    /// Each seed on a thread of its own from beginning to end; what comes of it hangs on nothing but the seed.
    /// </summary>
    [Fact]
    public void No_seed_finds_a_lost_repeated_stale_or_late_answer()
    {
        SeedRange range = SeedRange.Drawn;
        output.WriteLine($"repeat with: {range} dotnet test tests/Grains.Simulation.Tests --filter No_seed_finds");
        ConcurrentBag<RunResult> broken = [];
        var figures = new Figures();
        Parallel.ForEach(
            range.Seeds, new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount }, (seed, loop) =>
        {
            RunResult result = SimRun.Run(seed);
            figures.Add(result);
            if (!result.IsSound)
            {
                broken.Add(result);
                if (broken.Count >= _brokenMax)
                {
                    loop.Stop();
                }
            }
        });
        RunResult[] shown = [.. broken.OrderBy(r => r.Seed).Take(_brokenShown)];
        output.WriteLine($"figures: {figures}");
        Assert.True(
            broken.IsEmpty, $"{broken.Count} of {range.Count} seeds:\n{string.Join("\n", shown.Select(r => $"{r}"))}");
        Assert.False(
            range.IsLarge && figures.WhyHollow is not null, $"too little happened, {figures.WhyHollow}: {figures}");
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
                output.WriteLine(
                    $"{bug}: found at seed {seed}, after {Stopwatch.GetElapsedTime(begun).TotalSeconds:F1} "
                    + $"s\n{result}");
                return;
            }
        }

        Assert.Fail($"{bug}: not found in {_seedsToFind} seeds");
    }
}
