using System.Diagnostics.CodeAnalysis;

namespace Grains.StateMachines.Ids;

/// <summary>
/// A lease on a node's next messages: its partition, the epoch that handed it out, and its number under that epoch.
/// An opaque string to users, who may end the delivery because they have it: the seal cannot be computed.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.delivery-id")]
public readonly record struct DeliveryId(
    [property: Id(0)] PartitionId Partition,
    [property: Id(1)] Epoch Epoch,
    [property: Id(2)] long Number)
{
    /// <summary>Put on by the partition's owner as it hands the delivery out, and looked at there; 0 = none.</summary>
    [Id(3)] public UInt128 Seal { get; init; }

    public override string ToString() => OpaqueId.Write('d', Partition.Value, Epoch.Value, Number, Seal);

    public static bool TryParse([NotNullWhen(true)] string? text, out DeliveryId id)
    {
        id = default;
        if (!OpaqueId.TryRead('d', text, out long partition, out long epoch, out long number, out UInt128 seal)
            || partition is < 0 or > uint.MaxValue || epoch < 1 || number < 1)
        {
            return false;
        }

        id = new DeliveryId(new PartitionId((uint)partition), new Epoch(epoch), number) { Seal = seal };
        return true;
    }
}
