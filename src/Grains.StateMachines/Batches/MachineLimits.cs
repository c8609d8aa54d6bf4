namespace Grains.StateMachines.Batches;

/// <summary>
/// What one partition machine accepts and remembers. The front end checks the same limits at the door.
/// </summary>
/// <remarks>
/// What is remembered (idempotency keys, commits, replies, command windows, routers) is let go while records are
/// applied: the servers of one cluster must agree on it, or rule 10 does not hold between them. It is not configurable.
/// </remarks>
public sealed record MachineLimits
{
    public int KeyBytesMax { get; init; } = 1024;
    public int NodeBytesMax { get; init; } = 512;
    public int ValueBytesMax { get; init; } = 1 << 20;
    public int MessageBytesMax { get; init; } = (1 << 20) + (9 << 10);
    public int StateBytesMax { get; init; } = 1 << 20;
    public int CommitBytesMax { get; init; } = 4 << 20;
    public int CommitSendsMax { get; init; } = 1000;
    public int CommitKeysMax { get; init; } = 1000;

    /// <summary>Actions of one transaction of keys; its bytes are bounded as those of a commit.</summary>
    public int KeyActionsMax { get; init; } = 4_096;

    public int CommitTimersMax { get; init; } = 100;

    /// <summary>Messages of one delivery, and their bytes together (the first always fits).</summary>
    public int DeliveryMessagesMax { get; init; } = 1000;
    public int DeliveryBytesMax { get; init; } = 4 << 20;

    /// <summary>Entries and bytes of one page of a listing (the first entry always fits).</summary>
    public int PageEntriesMax { get; init; } = 1000;
    public int PageBytesMax { get; init; } = 4 << 20;

    /// <summary>Budget of a partition's data in memory: above it growing writes are refused.</summary>
    public long PartitionBytesMax { get; init; } = 512L << 20;

    /// <summary>
    /// Messages of other partitions are taken up to this many times the budget; then they stay in their outboxes, where
    /// they count. More than one, so that two that are full of messages for each other still hand them over.
    /// </summary>
    public int PartitionOverflowFactor { get; init; } = 2;

    /// <summary>
    /// Receives of callers that wait, in one partition, shared fairly by services; and for one node by its name.
    /// </summary>
    public int WaitingReceivesMax { get; init; } = 4096;
    public int WaitingReceivesPerNodeMax { get; init; } = 256;

    /// <summary>
    /// Sends from a commit are accepted up to this many times the mailbox bound; beyond it, dead letters.
    /// </summary>
    public int MailboxOverflowFactor { get; init; } = 10;

    /// <summary>Callers that wait for replies, in one partition, shared fairly by services.</summary>
    public int WaitingForRepliesMax { get; init; } = 4096;

    /// <summary>How long a reply is kept; the oldest go earlier where more are kept, or more bytes.</summary>
    public long ReplyMsMax { get; init; } = 600_000;
    public int RepliesMax { get; init; } = 65_536;
    public long RepliesBytesMax { get; init; } = 16 << 20;

    /// <summary>Timers of one node, and the bytes of what one of them sends.</summary>
    public int TimersMax { get; init; } = 100;
    public int TimerBytesMax { get; init; } = 64 << 10;

    public int IdempotencyKeysMax { get; init; } = 65_536;
    public long IdempotencyMsMax { get; init; } = 24 * 3600 * 1000L;

    /// <summary>Commits whose repeat is answered as the first was.</summary>
    public int RememberedCommitsMax { get; init; } = 1024;

    /// <summary>Commands of one router that are told apart from repeats; an older id is refused.</summary>
    public int CommandWindow { get; init; } = 4096;

    /// <summary>Front ends whose commands are remembered; one born before the oldest forgotten is refused.</summary>
    public int RoutersMax { get; init; } = 16;

    /// <summary>
    /// What time demands waits for the next batch once a record is as long: the journal bounds records.
    /// </summary>
    public int StagedBytesMax { get; init; } = 4 << 20;

    /// <summary>Expiries, and removals of something deleted, in one batch.</summary>
    public int SweepMax { get; init; } = 1000;
}
