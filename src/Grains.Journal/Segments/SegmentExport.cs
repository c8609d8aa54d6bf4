using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>The image of one partition, as a cut has it.</summary>
internal static class SegmentExport
{
    public static IEnumerable<ImagePart> Parts(PartitionLog log, SegmentSet set, CheckpointFiles checkpoints)
    {
        if (log.TailDamage is { } damage)
        {
            throw damage.Exception();
        }

        JournalTail checkpoint = log.Checkpoint?.At ?? JournalTail.Empty;
        yield return new ImagePart.Begin(log.Partition, log.Ownership.Epoch, log.Ownership.Incarnation, checkpoint);
        if (log.Checkpoint is { } pointer)
        {
            foreach (ReadOnlyMemory<byte> chunk in checkpoints.Read(log.Partition, pointer, () => false))
            {
                yield return new ImagePart.Chunk(chunk);
            }
        }

        Revision through = log.Tail.Revision;
        foreach (JournalRecord record in LogReading.Read(
            log, checkpoint.Revision.Next, through, set.Read, set.Where))
        {
            yield return new ImagePart.Entry(record);
        }

        yield return new ImagePart.End(log.Tail);
    }
}
