using Grains.StateMachines.Ids;

namespace Grains.Journal.Images;

/// <summary>
/// A piece of a journal's image. Partitions follow each other in ascending order, each as one Begin, the chunks of its
/// newest checkpoint, the records after that, and one End.
/// </summary>
public abstract record ImagePart
{
    private ImagePart()
    {
    }

    /// <summary>A partition that somebody acquired.</summary>
    /// <param name="Partition">Which.</param>
    /// <param name="Epoch">The newest one acquired.</param>
    /// <param name="Incarnation">How often its history forked.</param>
    /// <param name="Checkpoint">What the checkpoint stands for; empty = there is none, and records begin with the
    /// first.</param>
    public sealed record Begin(PartitionId Partition, Epoch Epoch, long Incarnation, JournalTail Checkpoint) : ImagePart
    {
        public bool HasCheckpoint => Checkpoint != JournalTail.Empty;
    }

    /// <summary>A chunk of the checkpoint, as it was written.</summary>
    public sealed record Chunk(ReadOnlyMemory<byte> Bytes) : ImagePart;

    /// <summary>The next record.</summary>
    public sealed record Entry(JournalRecord Record) : ImagePart;

    /// <summary>The partition's newest record was the last one, or the checkpoint stands for it.</summary>
    public sealed record End(JournalTail Tail) : ImagePart;
}
