using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class PowerCutTests(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task After_power_cuts_nothing_acknowledged_is_lost_and_nothing_counts_twice()
    {
        SkipWhereImpossible();
        int cuts = Seed.Count("GRAINS_POWER_CUTS", 1);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(PowerCutTests), $"GRAINS_POWER_CUTS={cuts}");
        output.WriteLine(repeat);
        using var folder = new TempFolder();
        using var volume = new PowerCutVolume(folder);
        await using var run = new FaultRun(seed, Path.Combine(volume.MountPoint, "data"), folder);
        await run.StartAsync();
        run.StartLoad();
        for (int i = 0; i < cuts; i++)
        {
            await run.WorkAsync();
            run.Server.Disturb();
            volume.CutPower();
            run.Server.Kill();
            volume.RestorePower();
            await run.Server.StartAsync();
        }

        await run.WorkAsync();
        Findings findings = await run.FinishAsync();
        output.WriteLine($"figures: {cuts} power cuts, {run.Figures()}");
        findings.MustBeClean($"{repeat}\n{run.Figures()}\n{run.Server.LogTail()}");
    }

    /// <summary>The control: if this lost nothing, the test above could not fail and would prove nothing.</summary>
    [SkippableFact]
    public async Task Without_fsync_the_same_power_cut_loses_acknowledged_writes()
    {
        SkipWhereImpossible();
        int seed = Seed.Next();
        output.WriteLine(Seed.Repeat(seed, nameof(PowerCutTests)));
        using var folder = new TempFolder();
        using var volume = new PowerCutVolume(folder);
        await using var run = new FaultRun(seed, Path.Combine(volume.MountPoint, "data"), folder, sync: false);
        await run.StartAsync();
        volume.Sync();
        run.StartLoad();
        await run.WorkAsync();
        run.Server.Disturb();
        volume.CutPower();
        run.Server.Kill();
        await run.AbandonLoadAsync();
        volume.RestorePower();

        long acknowledged = run.Acknowledged;
        try
        {
            await run.Server.StartAsync();
        }
        catch (InvalidOperationException e)
        {
            output.WriteLine(
                $"figures: without fsync, all {acknowledged} are lost: what is left is not served");
            output.WriteLine(e.Message);
            Assert.True(acknowledged > 0);
            return;
        }

        Findings findings = await run.CheckAsync(drainDeadline: TimeSpan.FromSeconds(10));
        output.WriteLine($"figures: without fsync, {findings.Lost} lost of {run.Figures()}");
        Assert.True(findings.Lost > 0, $"A power cut without fsync lost nothing of {run.Figures()}.");
        Assert.Contains(findings.Violations, v => v.StartsWith("counter-", StringComparison.Ordinal));
    }

    private static void SkipWhereImpossible()
    {
        string? why = PowerCutVolume.WhyNot();
        Skip.If(why is not null, why);
    }
}
