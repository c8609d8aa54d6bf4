using Grains.Checkers.Witnesses;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
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
        FaultFigures figures = await SurviveAsync((world, run) => new IsolationFault(world, run, _length, alsoFromPostgres: false), WhyNot);
        Assert.True(figures.Hit.Median < _isolationPauseMax, $"{figures}");
    }

    /// <summary>
    /// With a control: what it answers is marked as stale, and taken for fresh it would be caught. If it were not, a server
    /// that said nothing of the past would prove nothing.
    /// </summary>
    [SkippableFact]
    public async Task A_server_cut_from_all_but_its_clients_gives_stale_reads_only_which_taken_for_fresh_would_be_caught()
    {
        IsolationFault? fault = null;
        LoadRecord? record = null;
        FaultFigures figures = await SurviveAsync(
            (world, run) =>
            {
                record = run.Record;
                return fault = new IsolationFault(world, run, _length, alsoFromPostgres: true);
            },
            WhyNot);
        Assert.True(figures.Hit.Median < _isolationPauseMax, $"{figures}");
        Assert.True(fault!.Tally.StaleReads > 0, $"{figures}");
        IEnumerable<Witness> takenForFresh = record!.Witnesses.Select(
            w => w.Kind == WitnessKind.Stale ? w with { Kind = WitnessKind.Seen } : w);
        Assert.Contains(WitnessCheck.Check(takenForFresh, dense: false), v => v.StartsWith("a stale read", StringComparison.Ordinal));
    }

    [SkippableFact]
    public async Task Two_servers_cut_from_each_other_break_no_promise_and_are_reached_through_the_third()
    {
        FaultFigures figures = await SurviveAsync((world, _) => new LinkFault(world, _length), WhyNot);
        Assert.True(figures.Hit.Median < _linkPauseMax, $"{figures}");
    }

    [SkippableFact]
    public async Task A_server_cut_from_the_database_gives_its_partitions_to_those_who_reach_it()
    {
        FaultFigures figures = await SurviveAsync((world, _) => new DatabaseLinkFault(world, _length), WhyNot);
        Assert.True(figures.Hit.Median < _length * 0.8, $"{figures}");
    }

    private static string? WhyNot(ClusterWorld world) => world.HasNetwork ? null : Network.WhyNot();
}
