using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// Writes the parts of an image as the writer would have written them, into a folder that nothing reads yet.
/// </summary>
internal sealed class SegmentBuilder : IDisposable
{
    private const int _rowBytes = 1 << 20;

    private readonly SegmentSet _set = new();
    private readonly SegmentKeeper _keeper = new();
    private readonly SegmentStock _stock;
    private readonly CheckpointFiles _checkpoints;
    private readonly SegmentLog _log;
    private readonly RowLedger _ledger = new();
    private readonly long _forkedAtMs;
    private ImagePart.Begin _partition = null!;
    private PartitionLog _owner = null!;
    private CheckpointDraft? _checkpoint;
    private JournalTail _tail;
    private FlushEntry _epoch;
    private long _bytes;

    /// <param name="folder">Where to.</param>
    /// <param name="identity">Of the folder that it is to belong to: the log goes on behind what that knows.</param>
    /// <param name="options">The size of segments.</param>
    /// <param name="forkedAtMs">When the history goes on as another one, ms since 1970.</param>
    public SegmentBuilder(string folder, FolderIdentity identity, SegmentJournalOptions options, long forkedAtMs)
    {
        NoteTable notes = new();
        notes.Set(new Note(NoteKind.Session, default, identity.Session, default));
        _stock = new SegmentStock(folder, options.SegmentBytes);
        _checkpoints = new CheckpointFiles(folder, _keeper, _set);
        _log = new SegmentLog(_set, _stock, _keeper, notes, options with { Synchronous = false, OnSync = null });
        _forkedAtMs = forkedAtMs;
        _log.Found(identity.Id, identity.Log + 1);
    }

    /// <summary>A part that was checked.</summary>
    public void Add(ImagePart part)
    {
        switch (part)
        {
            case ImagePart.Begin begin:
                Begin(begin);
                break;
            case ImagePart.Chunk chunk:
                _checkpoint!.Add(chunk.Bytes.Span);
                break;
            case ImagePart.Entry entry:
                Append(entry.Record);
                break;
            case ImagePart.End:
                End();
                break;
        }
    }

    /// <summary>On return everything is durable.</summary>
    public void Finish()
    {
        Flush();
        _log.SyncAll();
        FolderSync.Flush(_stock.Folder);
    }

    public void Dispose()
    {
        _checkpoint?.Dispose();
        _keeper.Dispose();
        _stock.Close();
        _set.All().ForEach(f => f.Dispose());
    }

    private void Begin(ImagePart.Begin begin)
    {
        (_partition, _tail, _owner) = (begin, begin.Checkpoint, new PartitionLog(begin.Partition));
        _checkpoint = begin.HasCheckpoint ? _checkpoints.Begin(begin.Partition, begin.Epoch, begin.Checkpoint) : null;

        // The record of the newest epoch may be one that the checkpoint stands for.
        _epoch = new FlushEntry(
            begin.Partition, JournalRecordKind.Epoch, begin.Epoch, begin.Checkpoint.Revision, 1, default,
            begin.Checkpoint.Chain, new EpochRecord(begin.Incarnation, 0, "").Encode());
    }

    private FlushEntry Append(JournalRecord record)
    {
        // The image takes its bytes back before the row is written.
        FlushEntry entry = new(
            _partition.Partition, record.Kind, record.Epoch, record.First, record.Count, _tail.Chain, record.Chain,
            record.Payload.ToArray());
        _log.Append(_owner, entry);
        _tail = record.Tail;
        _bytes += record.Payload.Length + FlushRow.EntryBytes;
        _epoch = record.Kind == JournalRecordKind.Epoch ? entry : _epoch;
        if (_bytes >= _rowBytes)
        {
            Flush();
        }

        return entry;
    }

    private void End()
    {
        PartitionId partition = _partition.Partition;
        if (_checkpoint is { } checkpoint)
        {
            checkpoint.Finish();
            checkpoint.Dispose();
            _checkpoint = null;
            _log.MoveCheckpoint(partition, checkpoint.Pointer);
            _log.MoveForgotten(partition, checkpoint.Pointer.At);
        }

        Append(
            HistoryFork.Mark(_tail, _partition.Epoch, _partition.Incarnation, _forkedAtMs, HistoryFork.Restored));
        _log.Own(new EpochGrant(_epoch, MembershipVersion: 0));
    }

    private void Flush()
    {
        if (_log.HasWrites)
        {
            _log.Commit();
            _log.Publish(_ledger);
        }

        _log.Clear();
        _bytes = 0;
    }
}
