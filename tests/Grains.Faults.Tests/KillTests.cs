using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class KillTests(ITestOutputHelper output)
{
    [Fact]
    public async Task After_kills_at_random_moments_nothing_acknowledged_is_lost_and_nothing_counts_twice()
    {
        int kills = Seed.Count("GRAINS_KILLS", 3);
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(KillTests), $"GRAINS_KILLS={kills}");
        output.WriteLine(repeat);
        using var folder = new TempFolder();
        await using var run = new FaultRun(seed, folder.File("data"), folder);
        await run.StartAsync();
        run.StartLoad();
        for (int i = 0; i < kills; i++)
        {
            await run.WorkAsync();
            run.Server.Kill();
            await run.Server.StartAsync();
        }

        await run.WorkAsync();
        Findings findings = await run.FinishAsync();
        output.WriteLine($"figures: {kills} kills, {run.Figures()}");
        findings.MustBeClean($"{repeat}\n{run.Figures()}\n{run.Server.LogTail()}");
    }

    [Fact]
    public async Task A_stop_asked_for_is_clean_and_after_the_restart_everything_is_there()
    {
        int seed = Seed.Next();
        string repeat = Seed.Repeat(seed, nameof(KillTests));
        output.WriteLine(repeat);
        using var folder = new TempFolder();
        await using var run = new FaultRun(seed, folder.File("data"), folder);
        await run.StartAsync();
        run.StartLoad();
        await run.WorkAsync();
        await run.Server.StopAsync();
        await run.Server.StartAsync();
        await run.WorkAsync();

        Findings findings = await run.FinishAsync();
        output.WriteLine($"figures: a stop, {run.Figures()}");
        findings.MustBeClean($"{repeat}\n{run.Figures()}\n{run.Server.LogTail()}");
    }
}
