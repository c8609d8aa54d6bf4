using System.Collections.Concurrent;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>
/// Rebuilds the logs from the stored rows, oldest first, and finds what is damaged. It stops at nothing: damage is
/// noted where it lies, so that everything else stays readable.
/// </summary>
/// <param name="logs">What is known before the rows, and what they add to it.</param>
/// <param name="where">Where a row lies, for people; null if its number says it.</param>
internal sealed class LogScan(ConcurrentDictionary<PartitionId, PartitionLog> logs, Func<long, string>? where = null)
{
    private readonly List<DirectoryEntry> _directory = [];
    private readonly RowLedger _ledger = new();
    private long _damagedRow;
    private string _damage = "";

    /// <summary>Which rows still hold something.</summary>
    public RowLedger Ledger => _ledger;

    public void AddRow(long row, ReadOnlySpan<byte> body)
    {
        _ledger.Add(row, body.Length);
        if (FlushRow.ReadDirectory(row, body, _directory) is { } what)
        {
            MarkDamaged(row, what);
            return;
        }

        foreach (DirectoryEntry entry in _directory)
        {
            if (!logs.TryGetValue(entry.Partition, out PartitionLog? log))
            {
                log = logs.GetOrAdd(entry.Partition, id => new PartitionLog(id));
                log.Restoring().MarkTailDamaged($"it has records in flush row {row} but no epoch was ever granted.");
            }

            Add(log.Restoring(), entry, body);
        }
    }

    /// <summary>A row of which nothing can be read: what it held of whom, nobody knows.</summary>
    public void AddDamaged(long row, int bytes, string what)
    {
        _ledger.Add(row, bytes);
        MarkDamaged(row, what);
    }

    /// <summary>Call once, after the last row.</summary>
    public void Finish()
    {
        foreach (PartitionLog log in logs.Values)
        {
            LogIndex index = log.Restoring();

            // Whoever wrote nothing after a lost directory may have lost its newest record there: nobody can tell.
            if (_damagedRow > index.NewestRow)
            {
                index.MarkTailDamaged($"its newest record may have been in a damaged row: {_damage}");
            }

            log.DropStaged();
        }
    }

    private void MarkDamaged(long row, string what)
    {
        _damagedRow = row;
        _damage = what + where?.Invoke(row);
        _ledger.Keep(row);
    }

    private void Add(LogIndex index, in DirectoryEntry found, ReadOnlySpan<byte> body)
    {
        LogEntry entry = found.Entry;
        if (entry.Last <= index.Base.Revision)
        {
            return;
        }

        _ledger.Hold(entry.Place.Row);
        Revision expected = index.Tail.Revision.Next;
        if (entry.First < expected || entry.Count < 1 || index.TailDamage is not null)
        {
            index.MarkTailDamaged(
                $"flush row {entry.Place.Row} holds {entry.First}…{entry.Last} where {expected} is next.");
            return;
        }

        string? what = found.CheckPayload(body);
        if (entry.First > expected && !(what is null && IsFork(index, entry, body)))
        {
            string missing = _damagedRow > index.NewestRow
                ? _damage
                : $"a row before flush row {entry.Place.Row} is missing.";
            AddGap(index, expected, entry, found.ChainBefore, missing);
        }
        else if (found.ChainBefore != index.Tail.Chain)
        {
            what = $"in flush row {entry.Place.Row} it does not follow the chain of the record before it.";
        }

        if (entry.Epoch < index.NewestEpoch)
        {
            what = $"in flush row {entry.Place.Row} its epoch {entry.Epoch} is older than {index.NewestEpoch}.";
        }

        if (what is not null)
        {
            index.MarkDamaged(entry.First, what + where?.Invoke(entry.Place.Row));
        }

        index.Add(entry);
    }

    /// <summary>The one gap that there may be: marked, and written so.</summary>
    private static bool IsFork(LogIndex index, LogEntry entry, ReadOnlySpan<byte> body) =>
        entry.Kind == JournalRecordKind.Epoch && HistoryFork.Follows(index.Tail.Revision, null, new JournalRecord(
            entry.Kind, entry.First, entry.Count, entry.Epoch, entry.Chain,
            body.Slice(entry.Place.Offset, entry.Place.Length).ToArray()));

    private static void AddGap(LogIndex index, Revision from, LogEntry next, UInt128 chain, string what)
    {
        int count = checked((int)(next.First.Value - from.Value));
        index.MarkDamaged(from, what);
        index.Add(new LogEntry(
            JournalRecordKind.Batch, from, count, index.NewestEpoch, chain, new LogPlace(next.Place.Row, 0, 0)));
    }
}
