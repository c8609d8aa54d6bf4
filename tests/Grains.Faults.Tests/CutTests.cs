using Grains.Checkers.Witnesses;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>The network between three servers, or to their database, is cut without a word and healed.</summary>
[Trait(OneAtATime.Machine, OneAtATime.Alone)]
public class CutTests(ClusterFixture cluster, ITestOutputHelper output) : ClusterFaults(cluster, output)
{
    private static readonly TimeSpan _isolationPauseMax = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan _linkPauseMax = TimeSpan.FromSeconds(15);

    /// <summary>The partitions must be with others well before it is healed.</summary>
    private static readonly TimeSpan _databaseCut = TimeSpan.FromSeconds(10);

    [SkippableFact]
    public Task Servers_cut_from_each_other_or_from_the_database_say_nothing_of_the_past_and_others_serve_their_partitions() =>
        SurviveAsync(world =>
        {
            string? whyNot = world.HasNetwork ? null : Network.WhyNot();
            var alone = new IsolationFault(world, Length, alsoFromPostgres: true);
            FaultKind[] kinds =
            [
                new(
                    new IsolationFault(world, Length, alsoFromPostgres: false),
                    f => Assert.True(f.Hit.Median < _isolationPauseMax, $"{f}")),
                new(alone, f =>
                {
                    Assert.True(f.Hit.Median < _isolationPauseMax, $"{f}");
                    MarksWhatIsStale(alone, f);
                }),

                // They are reached through the third.
                new(new LinkFault(world, Length), f => Assert.True(f.Hit.Median < _linkPauseMax, $"{f}")),
                new(
                    new DatabaseLinkFault(world, _databaseCut),
                    f => Assert.True(f.Hit.Median < _databaseCut * 0.8, $"{f}")),
            ];
            return [.. kinds.Select(k => k with { WhyNot = whyNot })];
        });

    /// <summary>
    /// The control: what it answers is marked as stale, and taken for fresh it would be caught. If it were not, a
    /// server that said nothing of the past would prove nothing.
    /// </summary>
    private static void MarksWhatIsStale(ZombieFault fault, FaultFigures figures)
    {
        Assert.True(fault.Tally.StaleReads > 0, $"{figures}");
        Assert.Contains(
            WitnessCheck.Check(fault.StaleTakenForFresh(), dense: false),
            v => v.StartsWith("a stale read", StringComparison.Ordinal));
    }
}
