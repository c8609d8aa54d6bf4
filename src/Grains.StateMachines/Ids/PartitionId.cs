namespace Grains.StateMachines.Ids;

/// <summary>Unit of order, durability and placement. Never reused.</summary>
[GenerateSerializer, Immutable, Alias("grains.partition-id")]
public readonly record struct PartitionId([property: Id(0)] uint Value) : IComparable<PartitionId>
{
    public int CompareTo(PartitionId other) => Value.CompareTo(other.Value);

    public override string ToString() => $"p{Value}";
}
