using System.Globalization;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Syntax;

/// <summary>
/// How far a partition was when it answered; outside an opaque string: partition, revision, and history if not the
/// first.
/// </summary>
public readonly record struct Position(PartitionId Partition, Revision Revision, long Incarnation)
{
    public static Position Of(PartitionId partition, Answer answer) => new(partition, answer.At, answer.Incarnation);

    public static bool TryParse(string text, out Position position)
    {
        position = default;
        string[] parts = text.Split('-');
        long incarnation = 0;
        if (parts.Length is not (2 or 3)
            || !WholeNumber.TryParse(parts[0], uint.MaxValue, out long partition)
            || !WholeNumber.TryParse(parts[1], long.MaxValue, out long revision)
            || (parts.Length == 3
                && !(WholeNumber.TryParse(parts[2], long.MaxValue, out incarnation) && incarnation > 0)))
        {
            return false;
        }

        position = new Position(new PartitionId((uint)partition), new Revision(revision), incarnation);
        return true;
    }

    public override string ToString() => Incarnation == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Partition.Value}-{Revision.Value}")
        : string.Create(CultureInfo.InvariantCulture, $"{Partition.Value}-{Revision.Value}-{Incarnation}");
}
