namespace Grains.Journal.Log;

/// <summary>How many records of each flush row somebody still needs. One thread at a time.</summary>
internal sealed class RowLedger
{
    private readonly Dictionary<long, Row> _rows = [];

    /// <param name="row">Which.</param>
    /// <param name="bytes">Its size.</param>
    /// <param name="needed">Records of it that somebody needs.</param>
    public void Add(long row, int bytes, int needed = 0) => _rows[row] = new Row(needed, bytes);

    /// <summary>One more record of the row is needed.</summary>
    public void Hold(long row) => _rows[row] = _rows[row] with { Needed = _rows[row].Needed + 1 };

    /// <summary>The row is never forgotten: it is damaged, and a person may want to look at it.</summary>
    public void Keep(long row) => _rows[row] = _rows[row] with { Needed = int.MaxValue };

    /// <summary>Records that nobody needs any more.</summary>
    /// <returns>The rows that nobody needs any more, with their size; they leave the ledger.</returns>
    public List<(long Row, int Bytes)> Release(IReadOnlyList<LogEntry> entries)
    {
        List<(long, int)> free = [];
        foreach (LogEntry entry in entries)
        {
            long id = entry.Place.Row;
            if (entry.Place.Length == 0 && entry.Place.Offset == 0)
            {
                continue;
            }

            Row row = _rows[id];
            if (row.Needed == int.MaxValue)
            {
                continue;
            }

            if (row.Needed > 1)
            {
                _rows[id] = row with { Needed = row.Needed - 1 };
                continue;
            }

            _rows.Remove(id);
            free.Add((id, row.Bytes));
        }

        return free;
    }

    /// <summary>Takes out the rows that nobody needs.</summary>
    public List<(long Row, int Bytes)> TakeUnneeded()
    {
        List<(long Row, int Bytes)> free =
            [.. _rows.Where(r => r.Value.Needed == 0).Select(r => (r.Key, r.Value.Bytes))];
        free.ForEach(r => _rows.Remove(r.Row));
        return free;
    }

    private readonly record struct Row(int Needed, int Bytes);
}
