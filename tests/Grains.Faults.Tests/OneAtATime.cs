// What measures time, or may not lose one request, has the machine for itself: it is in a collection that says so, and
// has the trait of it. The rest only has deadlines, and waits more than it works: two tests at a time.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]

namespace Grains.Faults.Tests;

/// <summary>Tests that nothing may run beside, without a world in common.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "one at a time";

    /// <summary>The trait by which infra/test runs them apart, when other suites are done.</summary>
    public const string Machine = "machine";

    public const string Alone = "alone";
}
