using System.Globalization;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.FrontEnd.Requests;

/// <summary>How far a partition was when it answered; outside an opaque string: partition, revision, and history if not the first.</summary>
internal readonly record struct Position(PartitionId Partition, Revision Revision, long Incarnation)
{
    public static Position Of(PartitionId partition, Answer answer) => new(partition, answer.At, answer.Incarnation);

    public static bool TryParse(string text, out Position position)
    {
        position = default;
        string[] parts = text.Split('-');
        long incarnation = 0;
        if (parts.Length is not (2 or 3)
            || !uint.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out uint partition)
            || !long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out long revision)
            || (parts.Length == 3 && !long.TryParse(parts[2], NumberStyles.None, CultureInfo.InvariantCulture, out incarnation)))
        {
            return false;
        }

        position = new Position(new PartitionId(partition), new Revision(revision), incarnation);
        return true;
    }

    public override string ToString() => Incarnation == 0
        ? string.Create(CultureInfo.InvariantCulture, $"{Partition.Value}-{Revision.Value}")
        : string.Create(CultureInfo.InvariantCulture, $"{Partition.Value}-{Revision.Value}-{Incarnation}");
}
