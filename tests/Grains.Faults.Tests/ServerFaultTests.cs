using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// One of three servers dies, freezes or leaves, and comes back. The aims that the figures are held against are for a quiet
/// machine; what fails a test leaves room for a busy one.
/// </summary>
public class ServerFaultTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private const double _movedShareMax = 1.0 / 3;
    private static readonly TimeSpan _freeze = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan _killPauseMax = TimeSpan.FromSeconds(10);

    // With nobody left to ask whether it is only one's own link, the dead are given up late.
    private static readonly TimeSpan _lonelyPauseMax = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan _freezePauseMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _stopPauseMax = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task A_killed_server_takes_nothing_acknowledged_along_and_its_partitions_are_served_by_others()
    {
        FaultFigures figures = await SurviveAsync((_, run) => new KillFault(run.Servers, 1));
        Assert.True(figures.Hit.Median < _killPauseMax, $"{figures}");
    }

    [Fact]
    public async Task Two_of_three_killed_at_once_take_nothing_acknowledged_along_and_the_third_serves_all()
    {
        FaultFigures figures = await SurviveAsync((_, run) => new KillFault(run.Servers, 2));
        Assert.True(figures.Hit.Median < _lonelyPauseMax, $"{figures}");
    }

    [Fact]
    public async Task All_servers_killed_at_once_come_back_with_everything_acknowledged()
    {
        FaultFigures figures = await SurviveAsync((_, run) => new KillFault(run.Servers, run.Servers.Count));
        Assert.True(figures.Hit.Median < _lonelyPauseMax, $"{figures}");
    }

    [Fact]
    public async Task A_server_that_was_frozen_says_nothing_of_the_past_when_it_goes_on()
    {
        FaultFigures figures = await SurviveAsync((_, run) => new FreezeFault(run, _freeze));
        Assert.True(figures.Hit.Median < _freezePauseMax, $"{figures}");
    }

    [Fact]
    public async Task A_server_asked_to_stop_hands_over_and_no_call_through_the_others_fails_then_or_when_it_is_back()
    {
        FaultFigures figures = await SurviveAsync((_, _) => new StopFault(), mayFailCalls: false);
        Assert.True(figures.Hit.P99 < _stopPauseMax && figures.Return.P99 < _stopPauseMax, $"{figures}");
    }

    [Fact]
    public async Task A_server_told_to_drain_gives_its_partitions_away_and_takes_its_share_again_without_a_failed_call()
    {
        FaultFigures figures = await SurviveAsync((_, run) => new DrainFault(run.NewCaller(), run.View), mayFailCalls: false);
        Assert.True(figures.Hit.P99 < _stopPauseMax && figures.Return.P99 < _stopPauseMax, $"{figures}");
    }

    [Fact]
    public async Task A_fourth_server_takes_no_more_than_a_third_and_no_call_fails_when_it_comes_and_goes()
    {
        JoinFault? join = null;
        FaultFigures figures = await SurviveAsync(
            (world, run) => join = new JoinFault(world.AddServer(), run.Servers.Count, run.View), mayFailCalls: false);
        Assert.True(join!.MovedShare <= _movedShareMax, join.Note);
        Assert.True(join.FullestShare <= ClusterView.Bound, join.Note);
        Assert.True(figures.Hit.P99 < _stopPauseMax && figures.Return.P99 < _stopPauseMax, $"{figures}");
    }
}
