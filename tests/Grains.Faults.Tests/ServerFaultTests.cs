using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>
/// One of three servers, two or all die, freeze or leave, and come back. The aims that the figures are held against are
/// for a quiet machine; what fails a test leaves room for a busy one.
/// </summary>
[Trait(OneAtATime.Machine, OneAtATime.Alone)]
public class ServerFaultTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private const double _movedShareMax = 1.0 / 3;
    private static readonly TimeSpan _killPauseMax = TimeSpan.FromSeconds(10);

    // With nobody left to ask whether it is only one's own link, the dead are given up late.
    private static readonly TimeSpan _lonelyPauseMax = TimeSpan.FromSeconds(45);
    private static readonly TimeSpan _freezePauseMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _leavePauseMax = TimeSpan.FromSeconds(3);

    [SkippableFact]
    public Task Servers_that_are_killed_or_frozen_take_nothing_acknowledged_along_and_others_serve_their_partitions() =>
        SurviveAsync(world =>
    {
        IReadOnlyList<ServerProcess> servers = world.Servers;
        return
        [
            new(new KillFault(servers, 1), f => Assert.True(f.Hit.Median < _killPauseMax, $"{f}")),
            new(new KillFault(servers, 2), f => Assert.True(f.Hit.Median < _lonelyPauseMax, $"{f}")),
            new(new KillFault(servers, servers.Count), f => Assert.True(f.Hit.Median < _lonelyPauseMax, $"{f}")),

            // Says nothing of the past when it goes on.
            new(new FreezeFault(Length), f => Assert.True(f.Hit.Median < _freezePauseMax, $"{f}")),
        ];
    });

    [SkippableFact]
    public Task Servers_that_stop_are_drained_or_join_hand_over_and_no_call_through_the_others_fails() =>
        SurviveAsync(world =>
    {
        var join = new JoinFault(world.AddServer(), world.Servers.Count);
        FaultKind[] kinds =
        [
            new(new StopFault(), IsShort),
            new(new DrainFault(), IsShort),
            new(join, f =>
            {
                Assert.True(join.MovedShare <= _movedShareMax, join.Note);
                Assert.True(join.FullestShare <= ClusterView.Bound, join.Note);
                IsShort(f);
            }),
        ];
        return [.. kinds.Select(k => k with { MayFailCalls = false })];
    });

    private static void IsShort(FaultFigures f) =>
        Assert.True(f.Hit.P99 < _leavePauseMax && f.Return.P99 < _leavePauseMax, $"{f}");
}
