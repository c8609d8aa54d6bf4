using Grains.StateMachines.Ids;

namespace Grains.Journal.Images;

/// <summary>
/// Holds the parts of an image against each other, in both directions: what goes out, and what comes in.
/// </summary>
public sealed class ImageChecks
{
    private PartitionId? _last;
    private Epoch _epoch;
    private long? _incarnation;
    private int _chunks;
    private bool _hasRecords;

    /// <summary>The partition that is under way; null between two of them.</summary>
    public ImagePart.Begin? Partition { get; private set; }

    /// <summary>Of the partition, as far as it was read.</summary>
    public JournalTail Tail { get; private set; }

    public ImageTotals Totals { get; private set; }

    /// <exception cref="ImageDamagedException">It cannot stand here.</exception>
    public void Check(ImagePart part)
    {
        string? what = part switch
        {
            ImagePart.Begin begin => Begin(begin),
            _ when Partition is null => $"{part.GetType().Name} stands outside of a partition.",
            ImagePart.Chunk chunk => Chunk(chunk),
            ImagePart.Entry entry => Record(entry.Record),
            ImagePart.End end => End(end),
            _ => "it has a part of no known kind.",
        };
        if (what is not null)
        {
            throw new ImageDamagedException(Partition is { } of ? $"in partition {of.Partition}, {what}" : what);
        }

        Totals = Totals.With(part);
    }

    /// <exception cref="ImageDamagedException">A partition has no end.</exception>
    public void Finish()
    {
        if (Partition is { } open)
        {
            throw new ImageDamagedException($"partition {open.Partition} breaks off after {Tail.Revision}.");
        }
    }

    private string? Begin(ImagePart.Begin begin)
    {
        if (Partition is not null)
        {
            return $"partition {begin.Partition} begins before the end.";
        }

        if (_last is { } last && begin.Partition.CompareTo(last) <= 0)
        {
            return $"partition {begin.Partition} follows {last}.";
        }

        if (begin.Epoch.Value < 1 || begin.Incarnation < 0 || begin.Checkpoint.Revision.Value < 0)
        {
            return $"partition {begin.Partition} begins with {begin.Epoch}, incarnation {begin.Incarnation}, "
                + $"{begin.Checkpoint}.";
        }

        Partition = begin;
        Tail = begin.Checkpoint;
        _last = begin.Partition;
        (_epoch, _incarnation, _chunks, _hasRecords) = (default, null, 0, false);
        return null;
    }

    private string? Chunk(ImagePart.Chunk chunk)
    {
        if (!Partition!.HasCheckpoint || _hasRecords)
        {
            return "a chunk stands where no checkpoint is.";
        }

        return _chunks++ < JournalLimits.CheckpointChunksMax && chunk.Bytes.Length <= JournalLimits.ChunkBytesMax
            ? null
            : $"chunk {_chunks - 1} has {chunk.Bytes.Length} bytes, which is beyond the limits.";
    }

    private string? Record(JournalRecord record)
    {
        _hasRecords = true;
        if (record.Count < 1 || record.Payload.Length > JournalLimits.PayloadBytesMax
            || record.Kind is not (JournalRecordKind.Batch or JournalRecordKind.Epoch))
        {
            return $"record {record.First} takes {record.Count} revisions and {record.Payload.Length} bytes.";
        }

        if (JournalChain.Next(
            Tail.Chain, record.Epoch, record.First, record.Count, record.Payload.Span) != record.Chain)
        {
            return $"record {record.First} does not follow the chain of what is before it.";
        }

        if (!HistoryFork.Follows(Tail.Revision, _incarnation, record))
        {
            return $"record {record.First} stands where {Tail.Revision.Next} is next.";
        }

        if (record.Epoch < _epoch || record.Epoch > Partition!.Epoch)
        {
            return $"record {record.First} has {record.Epoch}, between {_epoch} and {Partition!.Epoch}.";
        }

        _epoch = record.Epoch;
        _incarnation = record.Kind == JournalRecordKind.Epoch
            ? EpochRecord.Decode(record.Payload.Span).Incarnation
            : _incarnation;
        Tail = record.Tail;
        return null;
    }

    private string? End(ImagePart.End end)
    {
        if (end.Tail != Tail || (_chunks == 0 && Partition!.HasCheckpoint) || Tail == JournalTail.Empty)
        {
            return $"the records end at {Tail} with {_chunks} chunks before them, and should end at {end.Tail}.";
        }

        if ((_hasRecords && _epoch != Partition!.Epoch)
            || (_incarnation ?? Partition!.Incarnation) != Partition!.Incarnation)
        {
            return $"the last record has {_epoch} and incarnation {_incarnation}, "
                + $"and should have {Partition.Epoch} and {Partition.Incarnation}.";
        }

        Partition = null;
        return null;
    }
}
