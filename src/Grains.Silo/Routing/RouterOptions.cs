namespace Grains.Silo.Routing;

/// <summary>Limits of the way to the partitions. Inert: checked where they are bound.</summary>
public sealed record RouterOptions
{
    /// <summary>A command without an answer is repeated until then, where a repeat is safe.</summary>
    public int DeadlineMs { get; init; } = 10_000;

    public int RepeatPauseMsMin { get; init; } = 20;

    public int RepeatPauseMsMax { get; init; } = 100;

    /// <summary>
    /// The numbers of one router's unanswered commands to one partition span no more than this; it is at most the
    /// window in which a partition remembers them.
    /// </summary>
    public int CommandWindow { get; init; } = 4_096;

    /// <summary>
    /// A call to another server without an answer is given up after this long, and its commands are repeated.
    /// </summary>
    public int CallMsMax { get; init; } = 5_000;

    /// <summary>Grain calls in flight to one partition of another server.</summary>
    public int CallsMax { get; init; } = 4;

    public int CallCommandsMax { get; init; } = 256;

    public long CallBytesMax { get; init; } = 1 << 20;

    /// <summary>Commands that wait for a call to one partition of another server.</summary>
    public int QueuedCommandsMax { get; init; } = 8_192;

    public long QueuedBytesMax { get; init; } = 64 << 20;
}
