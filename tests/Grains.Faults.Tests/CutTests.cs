using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>The network between three servers, or to their database, is cut without a word and healed.</summary>
public class CutTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private static readonly TimeSpan _length = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _isolationPauseMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _linkPauseMax = TimeSpan.FromSeconds(15);

    [SkippableFact]
    public async Task A_server_cut_from_all_others_says_nothing_of_the_past_and_its_partitions_are_served_by_them()
    {
        FaultFigures figures = await SurviveAsync((world, run) => new IsolationFault(world, run, _length), WhyNot);
        Assert.True(figures.Hit.Median < _isolationPauseMax, $"{figures}");
    }

    [SkippableFact]
    public async Task Two_servers_cut_from_each_other_break_no_promise_and_are_reached_through_the_third()
    {
        FaultFigures figures = await SurviveAsync((world, _) => new LinkFault(world, _length), WhyNot);
        Assert.True(figures.Hit.Median < _linkPauseMax, $"{figures}");
    }

    [SkippableFact]
    public async Task A_server_cut_from_the_database_acknowledges_nothing_that_is_lost() =>
        await SurviveAsync((world, _) => new DatabaseLinkFault(world, _length), WhyNot);

    private static string? WhyNot(ClusterWorld world) => world.HasNetwork ? null : Network.WhyNot();
}
