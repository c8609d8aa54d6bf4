using Grains.StateMachines.Nodes;

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

    /// <summary>Records tell wall clock, uptime and record time apart, and timers may be held.</summary>
    public const int Clocks = 5;

    /// <summary>Every server knows sealed delivery ids: a cluster that is raised to this level gets a secret for them.</summary>
    public const int SealedDeliveries = 5;

    /// <summary>A checkpoint may say which revisions a restored history never gave out.</summary>
    public const int LostRevisions = 5;

    public const int Newest = Clocks;
}

/// <summary>What a command needs of the format.</summary>
/// <param name="Level">At least this one.</param>
/// <param name="What">For which thing, in words.</param>
public readonly record struct FormatNeed(int Level, string? What)
{
    public static readonly FormatNeed Timer = new(FormatLevels.Terms, "a timer");
    public static readonly FormatNeed Reply = new(FormatLevels.Terms, "a reply");

    /// <summary>Of a message.</summary>
    public static FormatNeed Of(Due due, long ttlMs, bool isSentOn = false) =>
        isSentOn ? new(FormatLevels.Terms, "a message that is sent on")
        : ttlMs > 0 ? new(FormatLevels.Terms, "a message that expires")
        : due.IsLater ? new(FormatLevels.Delays, "a delayed message")
        : default;

    /// <summary>Null: the level will do.</summary>
    public Refused? Refuse(int level) => Level <= level ? null : Refusals.FormatTooOld(What!);
}
