using System.Collections.Concurrent;
using Grains.Journal.Folders;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// Rebuilds from the files what the journal knows in memory. What may have been cut off by a power cut is the last row
/// alone, and only if nobody can know that it was answered; anything else that is not as it was written is damage.
/// </summary>
internal sealed class SegmentOpening(DataFolder folder, SegmentFiles files)
{
    private readonly NoteTable _notes = new();
    private ScannedRow? _doubtful;

    public ConcurrentDictionary<PartitionId, PartitionLog> Logs { get; } = new();

    public SegmentSet Set { get; } = new();

    public NoteTable Notes => _notes;

    public RowLedger Ledger { get; private set; } = new();

    /// <summary>The checkpoints that count.</summary>
    public List<(PartitionId Partition, CheckpointPointer Pointer)> Checkpoints { get; } = [];

    /// <summary>Where the next row goes.</summary>
    public long End { get; private set; } = SegmentHeader.Bytes;

    public long NextRow { get; private set; }

    /// <summary>Of the row before that, the last one that counts.</summary>
    public RowPlace LastRow { get; private set; }

    /// <summary>The newest revisions of all partitions, added up.</summary>
    public ulong Records => Logs.Values.Aggregate(0UL, (sum, log) => sum + (ulong)log.Tail.Revision.Value);

    private FolderIdentity Identity => folder.Identity!;

    /// <exception cref="JournalUnavailableException">
    /// A file is missing, another folder's, an older copy, or cannot be read.
    /// </exception>
    public void Run()
    {
        ReadNewest();
        foreach (SegmentFile file in files.Since(_notes.Number(NoteKind.Oldest)))
        {
            Set.Add(file);
        }

        Restore();
        Scan();
        CheckRecords();
    }

    private static string Say(in ScannedRow row) => $"row {row.Row} at byte {row.Place.Offset}";

    /// <summary>The notes: all that count are in the newest segment.</summary>
    private void ReadNewest()
    {
        SegmentFile newest = files.Newest;
        SegmentScan scan = new(newest);
        NextRow = newest.Header.FirstRow;
        ScannedRow? last = null;
        foreach (ScannedRow row in scan.Rows())
        {
            if (row.Head is null)
            {
                throw folder.Refusal(files.NameOf(newest),
                    $"is damaged: its {Say(row)} cannot be read, and rows that can be stand behind it.");
            }

            if (last is { } before)
            {
                Take(scan, before);
                LastRow = before.Place;
            }

            last = row;
        }

        if (last is not { } end)
        {
            throw folder.Refusal(files.NameOf(newest), "is damaged: it has no first row.");
        }

        if (scan.IsWhole(end))
        {
            Take(scan, end);
            (End, NextRow, LastRow) = (end.Place.Offset + end.Place.Span, end.Row + 1, end.Place);
        }
        else
        {
            (_doubtful, End, NextRow) = (end, end.Place.Offset, end.Row);
        }

        if (_doubtful is not null && End == SegmentHeader.Bytes)
        {
            throw folder.Refusal(files.NameOf(newest), $"is damaged: its {Say(end)} is not what was written.");
        }

        long session = _notes.Number(NoteKind.Session);
        if (session < Identity.Session)
        {
            throw folder.Refusal(files.NameOf(newest),
                $"is cut off, or an older copy: it stands in session {session}, and the last one was "
                + $"{Identity.Session}.");
        }
    }

    private void Take(SegmentScan scan, in ScannedRow row)
    {
        IEnumerable<Note> notes = scan.Notes(row) ?? throw folder.Refusal(files.NameOf(scan.File),
            $"is damaged: what {Say(row)} notes about owners and checkpoints cannot be read.");
        foreach (Note note in notes)
        {
            _notes.Set(note);
        }
    }

    private void Restore()
    {
        Dictionary<PartitionId, JournalTail> forgotten = [];
        foreach (Note note in _notes.Of(NoteKind.Forgotten))
        {
            forgotten[note.Partition] =
                StoredTail.TryOpen(note.Partition, note.Body.Span, out JournalTail tail) is { } what
                    ? throw Unreadable(note, what) : tail;
        }

        Dictionary<PartitionId, CheckpointPointer> checkpoints = [];
        foreach (Note note in _notes.Of(NoteKind.Checkpoint))
        {
            checkpoints[note.Partition] =
                CheckpointPointer.TryDecode(note.Partition, note.Body.Span, out CheckpointPointer? pointer) is { } what
                    ? throw Unreadable(note, what) : pointer!;
            Checkpoints.Add((note.Partition, pointer!));
        }

        foreach (Note note in _notes.Of(NoteKind.Epoch))
        {
            StoredEpoch epoch = OpenEpoch(note);
            Logs[note.Partition] = new PartitionLog(note.Partition);
            Logs[note.Partition].Restore(
                new LogOwnership(epoch.Epoch, epoch.MembershipVersion, epoch.Incarnation),
                forgotten.GetValueOrDefault(note.Partition), checkpoints.GetValueOrDefault(note.Partition));
        }
    }

    private StoredEpoch OpenEpoch(in Note note) =>
        StoredEpoch.TryOpen(note.Partition, new Epoch(note.Number), note.Body.Span, out StoredEpoch? epoch) is { } what
            ? throw Unreadable(note, what) : epoch!;

    private JournalUnavailableException Unreadable(in Note note, string what) => folder.Refusal(
        files.NameOf(files.Newest),
        $"is damaged: its note about the {note.Kind} of partition {note.Partition} cannot be read: {what}.");

    private void Scan()
    {
        LogScan scan = new(Logs, Set.Where);
        List<SegmentFile> all = Set.All();
        for (int i = 0; i < all.Count; i++)
        {
            long end = i + 1 < all.Count ? all[i + 1].Header.FirstRow : NextRow;
            Scan(scan, all[i], end);
        }

        if (_doubtful is { } row && Records < Identity.Records)
        {
            Keep(scan, row);
        }

        scan.Finish();
        Ledger = scan.Ledger;
        Set.Release(Ledger.TakeUnneeded());
        foreach (Note note in _notes.Of(NoteKind.Epoch))
        {
            PartitionLog log = Logs[note.Partition];
            CheckAgainst(log, OpenEpoch(note).Revision, "its newest epoch record");
            CheckAgainst(log, log.Checkpoint?.At.Revision ?? Revision.None, "its checkpoint");
        }
    }

    /// <param name="scan">What they are added to.</param>
    /// <param name="file">Whose rows.</param>
    /// <param name="end">The first row behind them.</param>
    private void Scan(LogScan scan, SegmentFile file, long end)
    {
        SegmentScan rows = new(file);
        (long found, long last, long at) = (0, file.Header.FirstRow - 1, SegmentHeader.Bytes);
        foreach (ScannedRow row in rows.Rows().TakeWhile(r => r.Row < end))
        {
            (found, last, at) = (found + 1, row.Row, row.Place.Offset + row.Place.Span);
            if (row.Head is null)
            {
                AddDamaged(scan, file, row);
            }
            else if (row.Head.Value.FlushBytes > FlushRow.DirectoryBytes(0))
            {
                Set.AddRow(file, row.Row, row.Place);
                scan.AddRow(row.Row, rows.Flush(row));
            }
        }

        if (file.Header.IsPutTogether ? found < file.Header.Rows : last < end - 1)
        {
            AddDamaged(scan, file, new ScannedRow(null, end - 1, new RowPlace(at, RowHead.Alignment)));
        }
    }

    private void AddDamaged(LogScan scan, SegmentFile file, in ScannedRow row)
    {
        file.IsDamaged = true;
        Set.AddRow(file, row.Row, row.Place);
        scan.AddDamaged(row.Row, (int)Math.Min(row.Place.Span, int.MaxValue), $"flush row {row.Row} cannot be read.");
    }

    /// <summary>The last row is not whole, and was answered: so it was whole, and is damaged.</summary>
    private void Keep(LogScan scan, in ScannedRow row)
    {
        SegmentScan rows = new(files.Newest);
        if (row.Head!.Value.NoteBytes > 0)
        {
            throw folder.Refusal(
                files.NameOf(files.Newest), $"is damaged: its {Say(row)}, the last one, is not what was written.");
        }

        Set.AddRow(files.Newest, row.Row, row.Place);
        scan.AddRow(row.Row, rows.Flush(row));
        (_doubtful, End, NextRow, LastRow) = (null, row.Place.Offset + row.Place.Span, row.Row + 1, row.Place);
    }

    private static void CheckAgainst(PartitionLog log, Revision known, string what)
    {
        if (known > log.Tail.Revision)
        {
            log.Restoring().MarkTailDamaged(
                $"{what} stands at {known}, but the records end at {log.Tail.Revision}.");
        }
    }

    /// <summary>Compares the records that were read with those that were answered.</summary>
    private void CheckRecords()
    {
        if (Logs.Values.All(l => l.TailDamage is null) && Identity.Records > Records)
        {
            throw folder.Refusal(files.NameOf(files.Newest),
                $"ends with row {NextRow - 1}, before byte {End}: the log holds {Records} revisions, and "
                + $"{Identity.Records} were written. A row is damaged or cut off there, or a segment is an older "
                + "copy.");
        }
    }
}
