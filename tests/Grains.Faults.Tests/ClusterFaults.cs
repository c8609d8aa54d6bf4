using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>What the tests of cluster faults share: load on, one fault again and again, everything drained and checked.</summary>
[Collection(ClusterFixture.Name)]
public abstract class ClusterFaults(ClusterFixture cluster, ITestOutputHelper output)
{
    private const int _acknowledgedPerFaultMin = 100;
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>No promise is broken, whatever the fault; the figures are printed and given back.</summary>
    private protected async Task<FaultFigures> SurviveAsync(
        Func<ClusterWorld, ClusterRun, Fault> makeFault, Func<ClusterWorld, string?>? whyNot = null, bool mayFailCalls = true)
    {
        int times = Seed.Count("GRAINS_CLUSTER_FAULTS", 1);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, GetType().Name, $"GRAINS_CLUSTER_FAULTS={times}");
        output.WriteLine(repeat);
        ClusterWorld world = await cluster.TakeAsync();
        if (whyNot?.Invoke(world) is { } why)
        {
            cluster.GiveBack();
            Skip.If(true, why);
        }

        // Where no call may fail, a slow one is told from a failed one by the pause.
        await using var run = new ClusterRun(seed, world, mayFailCalls ? Probes.CallDeadline : _patience);
        try
        {
            await run.DeclareAsync();
            await run.FillAsync(Seed.Count("GRAINS_FILL_MEGABYTES", 0));
            await run.StartAsync();
            FaultFigures figures = await run.RepeatAsync(makeFault(world, run), times);
            Findings findings = await run.FinishAsync();
            output.WriteLine($"figures: {figures}; {run.Figures(findings)}");
            findings.MustBeClean($"{repeat}\n{run.Figures(findings)}");
            Assert.True(
                run.Acknowledged >= _acknowledgedPerFaultMin * times, $"The run proves little: {run.Figures(findings)}; {repeat}");
            Assert.True(
                mayFailCalls || run.Probes.Tally.Failed == 0, $"Calls failed: {run.Probes.Tally.Failures()}; {repeat}");
            cluster.GiveBack();
            return figures;
        }
        catch (Exception e)
        {
            throw new FaultTestException($"{e.Message}\n{repeat}\n\n{world.LogTails()}", e);
        }
    }
}
