namespace Grains.Journal.Memory;

/// <summary>The durable steps of the in-memory journal: a fault or a crash strikes at one of them.</summary>
public enum MemoryStep
{
    Acquire,
    Append,
    CheckpointChunk,
    CheckpointPointer,
    Truncate,
    Confirm,
    Read,
}
