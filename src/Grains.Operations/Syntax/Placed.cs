using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>A partition's answer, and which partition gave it.</summary>
public readonly record struct Placed<T>(PartitionId Partition, T Answer)
    where T : Answer
{
    /// <summary>How far the partition was.</summary>
    public Position Position => Position.Of(Partition, Answer);
}
