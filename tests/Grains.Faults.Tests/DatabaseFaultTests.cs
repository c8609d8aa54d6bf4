using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>The common database goes away and comes back under three servers.</summary>
[Trait(OneAtATime.Machine, OneAtATime.Alone)]
public class DatabaseFaultTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private static readonly TimeSpan _untilWrittenMax = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan _down = TimeSpan.FromSeconds(3);

    private readonly ITestOutputHelper _output = output;

    [SkippableFact]
    public Task After_Postgres_was_gone_in_whatever_way_writes_go_on_as_soon_as_it_accepts_connections_and_nothing_is_loaded_again() =>
        SurviveAsync(world =>
        [
            Of(new DatabaseKillFault(world.Postgres)),
            Of(new DatabaseRestartFault(world.Postgres, _down)),
            Of(new ConnectionsFault(world.Postgres)),
            Of(new DatabasePowerFault(world)) with { WhyNot = world.HasVolume ? null : PowerCutVolume.WhyNot() },
        ]);

    /// <summary>
    /// The control of the soak: if this lost nothing, the test above could not fail and would prove nothing. Always run
    /// is that of <see cref="DatabaseWorldTests"/>, without servers.
    /// </summary>
    [SkippableFact]
    public async Task Without_fsync_the_same_power_cut_of_Postgres_loses_acknowledged_writes()
    {
        string? why = PowerCutVolume.WhyNot();
        Skip.If(why is not null, why);
        Skip.If(
            Seed.Count("GRAINS_LOSSY_CUTS", 0) == 0,
            "the lossy control of a whole cluster is for the soak: GRAINS_LOSSY_CUTS=1");
        int seed = Seed.Next();
        _output.WriteLine(Seed.Repeat(seed, nameof(DatabaseFaultTests), "GRAINS_LOSSY_CUTS=1"));
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

        _output.WriteLine(
            $"figures: power cut of Postgres without fsync: {lost} lost of {run.Acknowledged} acknowledged");
        Assert.True(
            run.Acknowledged > 0 && lost != "0", $"A power cut without fsync lost {lost} of {run.Acknowledged}.");
    }

    private static FaultKind Of(DatabaseFault fault) => new(fault, figures =>
    {
        Assert.True(fault.UntilWritten.Median < _untilWrittenMax, $"{figures}");
        Assert.True(fault.AcquiredAgain == 0, $"{figures}");
    });
}
