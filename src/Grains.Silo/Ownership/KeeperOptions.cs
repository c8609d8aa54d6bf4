using Grains.Silo.Cluster;

namespace Grains.Silo.Ownership;

/// <summary>How partitions are kept active. Inert: checked where they are bound.</summary>
public sealed record KeeperOptions
{
    /// <summary>
    /// How many partitions a new cluster gets, and an old one must have; null = default, and whatever is stored.
    /// </summary>
    public int? Partitions { get; init; }

    /// <summary>
    /// Told of the settings before any partition runs on them, and of newer ones after. What it throws at the start
    /// ends that.
    /// </summary>
    public Action<ClusterSettings> OnSettings { get; init; } = _ => { };

    public int ParallelRecoveries { get; init; } = 4;

    /// <summary>Between two looks at all partitions while all are served.</summary>
    public int SweepMs { get; init; } = 10_000;

    /// <summary>The view must have been the same for this long before a partition is given to another server.</summary>
    public int HandOverDelayMs { get; init; } = 3_000;

    /// <summary>One partition that is given away has another owner by then, or no further one is given away.</summary>
    public int HandOverMsMax { get; init; } = 5_000;

    /// <summary>
    /// All partitions of a server that stops have other owners by then, or are taken over as after a crash.
    /// </summary>
    public int LeaveMsMax { get; init; } = 20_000;

    /// <summary>
    /// A server whose journal has been silent for this long finds out whether it is the only one, and then gives its
    /// partitions up.
    /// </summary>
    public int IsolationMs { get; init; } = 1_500;

    /// <summary>The longest that the journal may take to answer when it is asked whether it does.</summary>
    public int JournalProbeMsMax { get; init; } = 1_000;

    public int RetryMsMin { get; init; } = 50;

    public int RetryMsMax { get; init; } = 1_000;
}
