using Grains.Faults.Tests.Checks;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>The common database goes away and comes back under three servers.</summary>
public class DatabaseFaultTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private static readonly TimeSpan _untilWrittenMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan _down = TimeSpan.FromSeconds(3);

    private readonly ITestOutputHelper _output = output;

    [Fact]
    public async Task After_Postgres_was_killed_writes_go_on_as_soon_as_it_accepts_connections_and_no_partition_is_loaded_again() =>
        await GoesOnAsync((world, run) => new DatabaseKillFault(world.Postgres, run));

    [Fact]
    public async Task After_Postgres_was_stopped_for_a_while_writes_go_on_and_no_partition_is_loaded_again() =>
        await GoesOnAsync((world, run) => new DatabaseRestartFault(world.Postgres, _down, run));

    [Fact]
    public async Task After_every_connection_was_dropped_writes_go_on_and_no_partition_is_loaded_again() =>
        await GoesOnAsync((world, run) => new ConnectionsFault(world.Postgres, run));

    [SkippableFact]
    public async Task After_a_power_cut_of_Postgres_nothing_acknowledged_is_lost() =>
        await GoesOnAsync((world, run) => new DatabasePowerFault(world, run), WhyNoPowerCut);

    /// <summary>The control: if this lost nothing, the test above could not fail and would prove nothing.</summary>
    [SkippableFact]
    public async Task Without_fsync_the_same_power_cut_of_Postgres_loses_acknowledged_writes()
    {
        string? why = PowerCutVolume.WhyNot();
        Skip.If(why is not null, why);
        int seed = Seed.Next();
        _output.WriteLine(Seed.Repeat(seed, nameof(DatabaseFaultTests)));
        await using ClusterWorld world = await ClusterWorld.StartAsync(lossy: true);
        await using var run = new ClusterRun(seed, world);
        await run.DeclareAsync();
        world.Sync();
        await run.StartAsync();
        await new RandomMoments(seed).NextAsync();
        string lost;
        try
        {
            await world.CutPowerOfPostgresAsync();
            lost = $"{(await run.CheckLossyAsync()).Lost}";
        }
        catch (InvalidOperationException e)
        {
            _output.WriteLine(e.Message);
            lost = "all, Postgres does not start on what is left,";
        }

        _output.WriteLine($"figures: power cut of Postgres without fsync: {lost} lost of {run.Acknowledged} acknowledged");
        Assert.True(run.Acknowledged > 0 && lost != "0", $"A power cut without fsync lost {lost} of {run.Acknowledged}.");
    }

    private async Task GoesOnAsync(
        Func<ClusterWorld, ClusterRun, DatabaseFault> makeFault, Func<ClusterWorld, string?>? whyNot = null)
    {
        DatabaseFault? fault = null;
        FaultFigures figures = await SurviveAsync((world, run) => fault = makeFault(world, run), whyNot);
        Assert.True(fault!.UntilWritten.Median < _untilWrittenMax, $"{figures}");
        Assert.True(fault.AcquiredAgain == 0, $"{figures}");
    }

    private static string? WhyNoPowerCut(ClusterWorld world) => world.HasVolume ? null : PowerCutVolume.WhyNot();
}
