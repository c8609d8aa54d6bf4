using Grains.StateMachines.Ids;

namespace Grains.Journal.Memory;

/// <summary>How one journal on a <see cref="MemoryDisk"/> behaves.</summary>
public sealed record MemoryJournalOptions
{
    /// <summary>What goes wrong; null = nothing.</summary>
    public MemoryFaults? Faults { get; init; }

    /// <summary>
    /// Awaited before each step takes effect, and again after it, before the caller is told: a simulation returns a
    /// task that it ends when it likes, which is what makes an owner slow or a candidate paused. Null = at once.
    /// </summary>
    public Func<MemoryStep, PartitionId, Task>? Pause { get; init; }

    /// <summary>Named by NotHere; null = any server.</summary>
    public IReadOnlyList<string>? Candidates { get; init; }
}
