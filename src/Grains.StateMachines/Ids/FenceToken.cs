namespace Grains.StateMachines.Ids;

/// <summary>
/// Grows with every grant of the same thing, for ever, so that a resource outside can refuse an older holder.
/// It is a revision of the partition that granted it, and costs no memory.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.fence-token")]
public readonly record struct FenceToken([property: Id(0)] long Value)
{
    public override string ToString() => $"t{Value}";
}
