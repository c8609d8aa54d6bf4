namespace Grains.Journal.Memory;

/// <summary>The simulated process has ended: its journal does nothing any more. Open a new one on the disk.</summary>
public sealed class MemoryCrashException(MemoryStep step)
    : Exception($"The process that used this in-memory journal ended at {step}. Open a new journal on its disk.");
