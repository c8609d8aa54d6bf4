using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

public class KillTests(ITestOutputHelper output)
{
    /// <summary>Then a stop that was asked for, which must be clean: one load and one check for all of it.</summary>
    [Fact]
    public async Task After_kills_at_random_moments_and_a_stop_nothing_acknowledged_is_lost_and_nothing_counts_twice()
    {
        int kills = Seed.Count("GRAINS_KILLS", 2);
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
        await run.Server.StopAsync();
        await run.Server.StartAsync();

        await run.WorkAsync();
        Findings findings = await run.FinishAsync();
        output.WriteLine($"figures: {kills} kills and a stop, {run.Figures()}");
        findings.MustBeClean($"{repeat}\n{run.Figures()}\n{run.Server.LogTail()}");
    }
}
