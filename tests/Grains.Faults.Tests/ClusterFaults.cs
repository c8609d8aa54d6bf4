using System.Diagnostics;
using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// What the tests of cluster faults share: a lap is one load, every fault of a list once, everything drained and
/// checked. GRAINS_CLUSTER_FAULTS says how many laps; GRAINS_FAULT, a part of a name, which faults.
/// </summary>
[Collection(ClusterFixture.Name)]
public abstract class ClusterFaults(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int _acknowledgedPerFaultMin = 100;

    /// <summary>How long a server is cut off or frozen: long enough that others have taken its partitions.</summary>
    private protected static TimeSpan Length => TimeSpan.FromSeconds(Seed.Count("GRAINS_CUT_SECONDS", 6));

    /// <summary>
    /// No promise is broken, whatever the faults; the figures are printed, and each fault's own check is run.
    /// </summary>
    private protected async Task SurviveAsync(Func<ClusterWorld, IReadOnlyList<FaultKind>> faults)
    {
        int laps = Seed.Count("GRAINS_CLUSTER_FAULTS", 1);
        string only = Environment.GetEnvironmentVariable("GRAINS_FAULT") ?? "";
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, GetType().Name, $"GRAINS_CLUSTER_FAULTS={laps}");
        output.WriteLine(repeat);
        ClusterWorld world = await cluster.TakeAsync();
        FaultKind[] kinds = [.. faults(world).Where(k => k.Fault.Name.Contains(only, StringComparison.Ordinal))];
        foreach (string why in kinds.Select(k => k.WhyNot).OfType<string>().Distinct())
        {
            output.WriteLine(why);
        }

        FaultKind[] possible = [.. kinds.Where(k => k.WhyNot is null)];
        if (possible.Length == 0)
        {
            cluster.GiveBack();
            Skip.If(kinds.Length > 0, kinds.FirstOrDefault()?.WhyNot);
            Assert.Fail($"No fault of {GetType().Name} has \"{only}\" in its name.");
        }

        try
        {
            for (int lap = 0; lap < laps; lap++)
            {
                await LapAsync(seed + lap, world, possible, repeat);
            }
        }
        catch (Exception e)
        {
            throw new FaultTestException($"{e.Message}\n{repeat}\n\n{world.LogTails()}", e);
        }

        foreach (FaultKind kind in possible)
        {
            kind.Figures.Note = kind.Fault.Note;
            output.WriteLine($"figures: {kind.Figures}");
        }

        Assert.All(possible, k => k.Check(k.Figures));
        cluster.GiveBack();
    }

    private async Task LapAsync(int seed, ClusterWorld world, FaultKind[] kinds, string repeat)
    {
        await using var run = new ClusterRun(seed, world);
        await run.DeclareAsync();
        await run.FillAsync(Seed.Count("GRAINS_FILL_MEGABYTES", 0));
        await run.StartAsync();
        await run.StrikeAsync(kinds);
        var checking = Stopwatch.StartNew();
        Findings findings = await run.FinishAsync();
        output.WriteLine(
            $"figures: a lap of {kinds.Length} faults, drained and checked in {checking.Elapsed.TotalSeconds:0} s, "
            + $"{run.Figures(findings)}");
        findings.MustBeClean($"{repeat}\n{run.Figures(findings)}");
        Assert.True(
            run.Acknowledged >= _acknowledgedPerFaultMin * kinds.Length,
            $"The run proves little: {run.Figures(findings)}; {repeat}");
    }
}
