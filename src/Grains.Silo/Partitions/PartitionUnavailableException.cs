using Grains.StateMachines.Ids;

namespace Grains.Silo.Partitions;

/// <summary>A partition gave no answer in time.</summary>
public sealed class PartitionUnavailableException(
    PartitionId partition, bool outcomeKnown, string why, Exception? inner = null)
    : Exception($"Partition {partition} gave no answer: {why} "
        + (outcomeKnown ? "Nothing was changed; repeat the request." : "Whether it took effect is not known."), inner)
{
    public PartitionId Partition { get; } = partition;

    /// <summary>True = certainly nothing was changed.</summary>
    public bool OutcomeKnown { get; } = outcomeKnown;
}
