using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>The checkpoints of a journal, a file each. Which of them counts, a note in the log says.</summary>
internal sealed class CheckpointFiles(string folder, SegmentKeeper keeper, SegmentSet set)
{
    private long _next;

    /// <summary>At the start: every checkpoint that counts is there, and all else goes.</summary>
    /// <param name="counting">Those that count.</param>
    /// <returns>Null, or the name of a file and what is wrong with it.</returns>
    public (string Name, string What)? Open(
        IReadOnlyCollection<(PartitionId Partition, CheckpointPointer Pointer)> counting)
    {
        Dictionary<string, (PartitionId Partition, CheckpointPointer Pointer)> named =
            counting.ToDictionary(c => SegmentNames.Checkpoint(c.Partition.Value, c.Pointer.Id));
        foreach ((string name, (PartitionId partition, CheckpointPointer pointer)) in named)
        {
            string path = Path.Combine(folder, name);
            if (!File.Exists(path))
            {
                return (name, $"is missing: it is the checkpoint of partition {partition} at {pointer.At.Revision}.");
            }

            if (CheckpointHead.Check(path, partition, pointer) is { } what)
            {
                return (name, $"is not the checkpoint of partition {partition} at {pointer.At.Revision}: {what}.");
            }
        }

        foreach (string path in Directory.EnumerateFiles(folder).ToList())
        {
            if (SegmentNames.IsCheckpoint(Path.GetFileName(path)) && !named.ContainsKey(Path.GetFileName(path)))
            {
                File.Delete(path);
            }
        }

        _next = counting.Select(c => c.Pointer.Id).DefaultIfEmpty().Max();
        return null;
    }

    /// <summary>A checkpoint on its way in, under an id of its own.</summary>
    /// <exception cref="IOException">The disk is full, or failed.</exception>
    public CheckpointDraft Begin(PartitionId partition, Epoch epoch, JournalTail at)
    {
        long id = Interlocked.Increment(ref _next);
        string path = Path.Combine(folder, SegmentNames.Checkpoint(partition.Value, id));
        return new CheckpointDraft(path, partition, new CheckpointPointer(id, epoch, at, 0));
    }

    /// <summary>Nobody needs it any more; who reads it now reads it to its end.</summary>
    public void Delete(PartitionId partition, long id)
    {
        string path = Path.Combine(folder, SegmentNames.Checkpoint(partition.Value, id));
        set.WhenUnpinned(() => keeper.Post(() => File.Delete(path)));
    }

    /// <summary>The chunks of a checkpoint, each checked, and valid until the next is asked for.</summary>
    /// <param name="partition">Whose it is.</param>
    /// <param name="pointer">Which.</param>
    /// <param name="replaced">True: another counts by now.</param>
    /// <exception cref="JournalUnavailableException">It was replaced before it was opened.</exception>
    /// <exception cref="JournalDamagedException">It is not what was written.</exception>
    public IEnumerable<ReadOnlyMemory<byte>> Read(PartitionId partition, CheckpointPointer pointer, Func<bool> replaced)
    {
        using FileStream? file = Open(Path.Combine(folder, SegmentNames.Checkpoint(partition.Value, pointer.Id)));
        if (file is null)
        {
            throw replaced()
                ? new JournalUnavailableException(
                    $"The checkpoint of partition {partition} at {pointer.At.Revision} was replaced while it was read. "
                    + "Read it again.")
                : new JournalDamagedException(
                    partition, pointer.At.Revision,
                    $"its checkpoint {SegmentNames.Checkpoint(partition.Value, pointer.Id)} in {folder} is missing.");
        }

        file.Position = CheckpointHead.Bytes;
        byte[] room = [];
        for (int i = 0; i < pointer.Chunks; i++)
        {
            ReadOnlyMemory<byte> stored = CheckpointHead.NextChunk(file, ref room);
            if (SealedBytes.Check(ChunkKey.Of(pointer.Id, i), stored.Span, out ReadOnlySpan<byte> _) is { } what)
            {
                throw new JournalDamagedException(
                    partition, pointer.At.Revision, $"chunk {i} of its checkpoint {file.Name} cannot be read: {what}.");
            }

            yield return stored[SealedBytes.HeadBytes..];
        }
    }

    private static FileStream? Open(string path)
    {
        try
        {
            return CheckpointHead.OpenToRead(path);
        }
        catch (FileNotFoundException)
        {
            return null;
        }
    }
}
