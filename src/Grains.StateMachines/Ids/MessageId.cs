using System.Diagnostics.CodeAnalysis;

namespace Grains.StateMachines.Ids;

/// <summary>
/// Where a message was accepted: partition, revision, and its place among the messages of that revision.
/// An opaque string to users.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.message-id")]
public readonly record struct MessageId(
    [property: Id(0)] PartitionId Partition,
    [property: Id(1)] Revision Revision,
    [property: Id(2)] int Ordinal)
{
    public override string ToString() => OpaqueId.Write('m', Partition.Value, Revision.Value, Ordinal);

    public static bool TryParse([NotNullWhen(true)] string? text, out MessageId id)
    {
        id = default;
        if (!OpaqueId.TryRead('m', text, out long partition, out long revision, out long ordinal)
            || partition is < 0 or > uint.MaxValue || revision < 1 || ordinal is < 0 or > int.MaxValue)
        {
            return false;
        }

        id = new MessageId(new PartitionId((uint)partition), new Revision(revision), (int)ordinal);
        return true;
    }
}
