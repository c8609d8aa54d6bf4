using Xunit.Abstractions;

// Tests have deadlines and wait more than they work. What they measure, how long a partition is gone, is counted in
// seconds and held against limits that leave room for a busy machine.
[assembly: CollectionBehavior(MaxParallelThreads = 3)]
[assembly: TestCollectionOrderer("Grains.Faults.Tests.LapsFirst", "Grains.Faults.Tests")]

namespace Grains.Faults.Tests;

/// <summary>The laps of a cluster begin first: they last longest, and the rest goes beside and after them.</summary>
public sealed class LapsFirst : ITestCollectionOrderer
{
    public IEnumerable<ITestCollection> OrderTestCollections(IEnumerable<ITestCollection> testCollections) =>
        testCollections
            .OrderBy(c => c.DisplayName is ClusterFixture.OfServers or ClusterFixture.OfCuts ? 0 : 1)
            .ThenBy(c => c.DisplayName.Contains("Handler", StringComparison.Ordinal) ? 0 : 1)
            .ThenBy(c => c.DisplayName, StringComparer.Ordinal);
}
