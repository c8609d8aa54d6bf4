namespace Grains.StateMachines.Partitions;

/// <summary>
/// What records may hold. Every server of a cluster writes the level that the cluster's settings name, and reads all up
/// to its own newest: so servers of two versions can run side by side, and one can go back until the level is raised.
/// </summary>
public static class FormatLevels
{
    public const int Oldest = 1;

    /// <summary>An owner's last record may hand leases over.</summary>
    public const int HandOver = 2;

    /// <summary>An attempt that turned out to be none may be taken back.</summary>
    public const int AttemptsReturned = 3;

    /// <summary>Messages may stand beside the mailbox until their time comes, and nodes may be paused.</summary>
    public const int Delays = 3;

    /// <summary>Messages may expire, count their hops, and be replied to; nodes may have timers.</summary>
    public const int Terms = 4;

    public const int Newest = Terms;
}
