namespace Grains.Silo.Loops;

/// <summary>Why a loop ended.</summary>
public readonly record struct LoopEnd(LoopEndReason Reason, string Why);

/// <summary>The ways in which a loop ends.</summary>
public enum LoopEndReason
{
    /// <summary>It was asked to.</summary>
    Stopped,

    /// <summary>It was asked to, and what is leased is on record for the next owner.</summary>
    HandedOver,

    /// <summary>Another server owns the partition.</summary>
    Fenced,

    /// <summary>The journal gave no verdict in time: what is durable is known only after a new recovery.</summary>
    Undecided,

    /// <summary>The process had no memory left in the middle of a decision: the memory cannot be trusted.</summary>
    OutOfMemory,

    /// <summary>Our own bug: the memory cannot be trusted.</summary>
    Broken,
}
