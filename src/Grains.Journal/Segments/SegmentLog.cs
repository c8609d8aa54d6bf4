using Grains.Journal.Folders;
using Grains.Journal.Log;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// What one flush writes, as one row at the end of the newest segment: one write, one sync, and no other until that is
/// over, so at most the last row can be torn. Whoever leads a flush has it to itself.
/// </summary>
/// <param name="set">The segments.</param>
/// <param name="stock">Where the next one comes from.</param>
/// <param name="keeper">For what a flush does not wait for.</param>
/// <param name="notes">What is noted by now.</param>
/// <param name="options">Whether to sync.</param>
internal sealed class SegmentLog(
    SegmentSet set, SegmentStock stock, SegmentKeeper keeper, NoteTable notes, SegmentJournalOptions options)
{
    private readonly FlushRowWriter _row = new(RowHead.Bytes);
    private readonly List<PartitionLog> _owners = [];
    private readonly List<Note> _notes = [];
    private SegmentFile? _current;
    private FolderNotes? _folder;
    private long _at;
    private long _nextRow = 1;
    private int _noteBytes;
    private ulong _revisions;
    private bool _isPreparing;

    public bool HasWrites => _row.Count > 0 || _notes.Count > 0;

    /// <summary>The row was handed to the disk: before it, whatever goes wrong leaves nothing behind.</summary>
    public bool MayBeDurable { get; private set; }

    /// <summary>Goes on where the last row ended.</summary>
    public void GoOn(SegmentFile at, long offset, long nextRow) => (_current, _at, _nextRow) = (at, offset, nextRow);

    /// <summary>The first segment, where there is none.</summary>
    public void Found(string id, long number) => Begin(id, number, 0, 0);

    /// <summary>From now on the folder is told.</summary>
    public void Tell(FolderNotes folder)
    {
        _folder = folder;
        folder.Watch(_current!);
    }

    public void Append(PartitionLog log, in FlushEntry entry)
    {
        _row.Add(entry);
        _owners.Add(log);
        _revisions += (ulong)entry.Count;
    }

    public void Acquire(PartitionLog log, EpochGrant grant)
    {
        Append(log, grant.Entry);
        Own(grant);
    }

    /// <summary>The note of the newest epoch; its record is written beside it, or was before.</summary>
    public void Own(EpochGrant grant) =>
        Add(new Note(NoteKind.Epoch, grant.Entry.Partition, grant.Entry.Epoch.Value, StoredEpoch.Seal(grant)));

    public void MoveCheckpoint(PartitionId partition, CheckpointPointer to) =>
        Add(new Note(NoteKind.Checkpoint, partition, to.Id, to.Encode(partition)));

    public void MoveForgotten(PartitionId partition, JournalTail upTo) =>
        Add(new Note(NoteKind.Forgotten, partition, upTo.Revision.Value, StoredTail.Seal(partition, upTo)));

    public void BeginSession(long session) => Add(new Note(NoteKind.Session, default, session, default));

    /// <summary>Why a flush failed, if a file was taken away: whatever the system made of it.</summary>
    public Exception Lost(Exception e) => _folder?.Lost(e) ?? e;

    /// <summary>On return everything staged is durable, in files that the next start finds.</summary>
    /// <exception cref="NoRoomException">The disk is full; nothing is durable, nor will be.</exception>
    /// <exception cref="IOException">
    /// The disk failed: what is durable is not known, if <see cref="MayBeDurable"/>.
    /// </exception>
    /// <exception cref="FolderLostException">It is durable where nobody finds it again.</exception>
    public void Commit()
    {
        long span = RowHead.Aligned(RowHead.Bytes + _row.Bytes + _noteBytes);
        if (_at + span > _current!.Length)
        {
            Begin(_current.Header.Folder, _current.Header.Number + 1, span, stock.BytesAfter(_current.Length));
        }

        Span<byte> bytes = _row.Framed(_nextRow, _noteBytes);
        Frame(bytes, _current.Header);
        WriteWhereThereIsRoom(_current, bytes, _at);
        MayBeDurable = true;
        options.OnSync?.Invoke();
        if (options.Synchronous)
        {
            // The line that makes a write durable (src/README.md, step 6).
            _current.Sync();
        }

        _folder?.Committed(_revisions, _current.Header.Number);
    }

    /// <summary>Shows the durable records to everybody.</summary>
    public void Publish(RowLedger ledger)
    {
        _notes.ForEach(n => notes.Set(n));
        long span = RowHead.Aligned(RowHead.Bytes + _row.Bytes + _noteBytes);
        if (_row.Count > 0)
        {
            set.AddRow(_current!, _nextRow, new RowPlace(_at, span));
            ledger.Add(_nextRow, (int)_row.Bytes, _row.Count);
            for (int i = 0; i < _row.Count; i++)
            {
                _owners[i].Publish(_row.Entry(i));
            }
        }

        _at += span;
        _nextRow++;
        if (_at > _current!.Length / 2 && !_isPreparing)
        {
            _isPreparing = true;
            long bytes = stock.BytesAfter(_current.Length);
            keeper.Post(() => Prepare(bytes));
        }
    }

    public void Clear()
    {
        _row.Clear();
        _owners.Clear();
        _notes.Clear();
        _noteBytes = 0;
        _revisions = 0;
        MayBeDurable = false;
    }

    /// <summary>For what was written without waiting.</summary>
    public void SyncAll() => set.All().ForEach(f => f.Sync());

    private void Add(in Note note)
    {
        _notes.Add(note);
        _noteBytes += note.Bytes;
    }

    /// <summary>The head before the row, the notes behind it.</summary>
    private void Frame(Span<byte> bytes, SegmentHeader segment)
    {
        Span<byte> behind = bytes[^_noteBytes..];
        Span<byte> rest = behind;
        foreach (Note note in _notes)
        {
            rest = note.Write(rest);
        }

        uint crc = Crc32C.Compute(behind);
        new RowHead(segment.Salt, segment.Number, _nextRow, (int)_row.Bytes, _noteBytes, crc).Write(bytes);
    }

    /// <summary>
    /// A new segment, with all notes in its first row, under its name only when that is durable; what is older than the
    /// oldest that is needed can be written over after that.
    /// </summary>
    private void Begin(string id, long number, long rowSpan, long bytes)
    {
        long oldest = set.OldestNeeded(number);
        notes.Set(new Note(NoteKind.Oldest, default, oldest, default));
        SegmentHeader header = new(id, SegmentHeader.DrawSalt(), number, number, _nextRow, SegmentHeader.Open);
        byte[] first = FirstRow(header);
        long used = SegmentHeader.Bytes + RowHead.Aligned(first.Length);
        SegmentFile next = Take(SegmentNames.Segment(number) + SegmentNames.Draft, used + rowSpan, bytes);
        try
        {
            next.Begin(header);
            WriteWhereThereIsRoom(next, header.Encode(), 0);
            WriteWhereThereIsRoom(next, first, SegmentHeader.Bytes);
        }
        catch (NoRoomException)
        {
            stock.Put(next);
            throw;
        }

        next.Sync();
        next.Rename(SegmentNames.Segment(number));
        FolderSync.Flush(stock.Folder);
        _folder?.Begun(next);
        set.Add(next);
        _current = next;
        _at = used;
        _nextRow++;
        _isPreparing = false;
        List<TakenSegment> older = set.TakeOlderThan(oldest);
        keeper.Post(() => Tidy(older));
    }

    private byte[] FirstRow(SegmentHeader header)
    {
        FlushRowWriter none = new(RowHead.Bytes);
        Note[] all = [.. notes.All];
        int noteBytes = all.Sum(n => n.Bytes);
        byte[] bytes = none.Framed(_nextRow, noteBytes).ToArray();
        Span<byte> rest = bytes.AsSpan(bytes.Length - noteBytes);
        foreach (Note note in all)
        {
            rest = note.Write(rest);
        }

        uint crc = Crc32C.Compute(bytes.AsSpan(bytes.Length - noteBytes));
        new RowHead(header.Salt, header.Number, _nextRow, (int)none.Bytes, noteBytes, crc).Write(bytes);
        return bytes;
    }

    private void Prepare(long bytes)
    {
        if (_folder is not { IsTight: true })
        {
            stock.Prepare(bytes);
        }
    }

    private void Tidy(List<TakenSegment> unneeded)
    {
        Drop(unneeded);
        if (set.BeginCompaction(2 * options.SegmentBytes) is { } compaction)
        {
            SegmentFile? put = null;
            try
            {
                put = compaction.Run();
            }
            finally
            {
                unneeded = set.EndCompaction(put);
            }

            Drop(unneeded, put?.Path);
        }
    }

    private void Drop(List<TakenSegment> unneeded, string? except = null)
    {
        foreach ((SegmentFile file, bool isFree) in unneeded)
        {
            if (isFree && file.Path != except)
            {
                stock.Put(file);
                continue;
            }

            if (isFree)
            {
                file.Dispose();
            }

            if (file.Path != except)
            {
                File.Delete(file.Path);
            }
        }
    }

    private SegmentFile Take(string name, long bytesMin, long bytes)
    {
        try
        {
            return stock.Take(name, bytesMin, bytes);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            throw new NoRoomException(e);
        }
    }

    private static void WriteWhereThereIsRoom(SegmentFile file, ReadOnlySpan<byte> bytes, long at)
    {
        try
        {
            file.Write(bytes, at);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            // Where the file system copies on write. The row is not whole, and the next one takes its place.
            throw new NoRoomException(e);
        }
    }
}

/// <summary>The disk is full: nothing was written, nor will be.</summary>
internal sealed class NoRoomException(IOException inner) : Exception(inner.Message, inner);
