namespace Grains.Silo.Loops;

/// <summary>Limits of one owned partition. Inert: checked where they are bound.</summary>
public sealed record PartitionOptions
{
    /// <summary>More commands than this waiting: the next is refused as overloaded.</summary>
    public int QueuedCommandsMax { get; init; } = 8_192;

    public long QueuedBytesMax { get; init; } = 64 << 20;

    public int BatchCommandsMax { get; init; } = 1_024;

    /// <summary>A batch takes no further command beyond this; one command alone may be larger.</summary>
    public long BatchBytesMax { get; init; } = 4 << 20;

    /// <summary>
    /// While an append or confirm is undecided for longer, callers are told so, and not kept waiting.
    /// </summary>
    public int UnansweredMsMax { get; init; } = 3_000;

    /// <summary>An append or confirm undecided for this long costs the partition's memory.</summary>
    public int UndecidedMsMax { get; init; } = 600_000;

    public int RepeatPauseMsMin { get; init; } = 10;

    public int RepeatPauseMsMax { get; init; } = 500;

    /// <summary>
    /// A checkpoint is due after this many bytes of records, or half of the state where that is more.
    /// </summary>
    public long CheckpointBytesMin { get; init; } = 2 << 20;

    /// <summary>
    /// A checkpoint is due, whatever the bytes, when a record has waited for one for this long (some partitions: up to
    /// twice as long, so that not all write at once): it keeps the records of others on the disk, with which it was
    /// flushed.
    /// </summary>
    public int CheckpointAgeMs { get; init; } = 300_000;

    /// <summary>
    /// That age grows with the state, so that a partition that writes little never costs more than this.
    /// </summary>
    public int CheckpointAgeBytesPerMs { get; init; } = 100;

    public int CheckpointRetryMs { get; init; } = 30_000;

    public int TransferEntriesMax { get; init; } = 256;

    public int TransferBytesMax { get; init; } = 256 << 10;

    public int TransferPauseMsMin { get; init; } = 50;

    public int TransferPauseMsMax { get; init; } = 5_000;
}
