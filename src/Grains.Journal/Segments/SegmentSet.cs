using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>
/// The segments that are there, oldest first, and which of their rows somebody needs. The last one is being written.
/// Any thread.
/// </summary>
internal sealed class SegmentSet
{
    private readonly Lock _gate = new();
    private readonly List<SegmentFile> _files = [];
    private readonly List<Action> _postponed = [];
    private int _pins;
    private bool _isCompacting;

    public SegmentFile Newest
    {
        get
        {
            lock (_gate)
            {
                return _files[^1];
            }
        }
    }

    public void Add(SegmentFile file)
    {
        lock (_gate)
        {
            _files.Add(file);
        }
    }

    /// <summary>A row of the segment with this number is there.</summary>
    public void AddRow(SegmentFile file, long row, RowPlace place)
    {
        lock (_gate)
        {
            file.Rows[row] = place;
            file.NeededBytes += place.Span;
        }
    }

    /// <summary>Nobody needs these rows any more.</summary>
    public void Release(List<(long Row, int Bytes)> rows) => WhenUnpinned(() =>
    {
        foreach ((long row, _) in rows)
        {
            if (Find(row) is { } file && file.Rows.Remove(row, out RowPlace place))
            {
                file.NeededBytes -= place.Span;
            }
        }
    });

    /// <summary>Until <see cref="Unpin"/> everything stays where it is.</summary>
    public void Pin()
    {
        lock (_gate)
        {
            _pins++;
        }
    }

    public void Unpin()
    {
        lock (_gate)
        {
            if (--_pins == 0)
            {
                _postponed.ForEach(act => act());
                _postponed.Clear();
            }
        }
    }

    /// <summary>Now, or after the last <see cref="Unpin"/>; under the lock, so it must not take long.</summary>
    public void WhenUnpinned(Action act)
    {
        lock (_gate)
        {
            if (_pins > 0)
            {
                _postponed.Add(act);
            }
            else
            {
                act();
            }
        }
    }

    /// <summary>The payloads of a page; null where the row is gone or too short.</summary>
    public byte[]?[] Read(IReadOnlyList<LogEntry> entries)
    {
        (SegmentFile? File, long At)[] places = new (SegmentFile?, long)[entries.Count];
        lock (_gate)
        {
            for (int i = 0; i < places.Length; i++)
            {
                LogPlace place = entries[i].Place;
                if (Find(place.Row) is { } file && file.Rows.TryGetValue(place.Row, out RowPlace row))
                {
                    places[i] = (file, row.Offset + RowHead.Bytes + place.Offset);
                    file.Readers++;
                }
            }
        }

        try
        {
            byte[]?[] payloads = new byte[]?[places.Length];
            for (int i = 0; i < places.Length; i++)
            {
                payloads[i] = places[i].File is { } file ? Read(file, places[i].At, entries[i].Place.Length) : null;
            }

            return payloads;
        }
        finally
        {
            Leave(places.Select(p => p.File).OfType<SegmentFile>());
        }
    }

    /// <summary>Where a row lies, for people.</summary>
    public string Where(long row)
    {
        lock (_gate)
        {
            return Find(row) is not { } file ? ""
                : file.Rows.TryGetValue(row, out RowPlace place) ? $" It lies in {file.Path} at byte {place.Offset}."
                : $" It lay in {file.Path}.";
        }
    }

    /// <summary>The number of the oldest segment that is needed if a new one begins now.</summary>
    public long OldestNeeded(long next)
    {
        lock (_gate)
        {
            return (_isCompacting ? _files.FirstOrDefault() : _files.Find(f => f.Rows.Count > 0))?.Header.First ?? next;
        }
    }

    /// <summary>
    /// Takes out what is older; nothing while segments are put together, they go when the next one begins.
    /// </summary>
    public List<TakenSegment> TakeOlderThan(long number)
    {
        lock (_gate)
        {
            return _isCompacting ? [] : Take(f => f.Header.Number < number);
        }
    }

    /// <summary>
    /// The segments that are worth putting together into a small one: next to each other, the newest not among them.
    /// </summary>
    /// <param name="spareBytes">So much may lie there unneeded, beside as much as is needed.</param>
    /// <returns>Null: none. Else nothing may be taken out before <see cref="EndCompaction"/>.</returns>
    public Compaction? BeginCompaction(long spareBytes)
    {
        lock (_gate)
        {
            int from = _files.FindLastIndex(f => f.IsDamaged) + 1;
            int count = _files.Count - 1 - from;
            List<SegmentFile> group = count > 0 ? _files.GetRange(from, count) : [];
            long needed = group.Sum(f => f.NeededBytes);
            if (_isCompacting || group.Sum(f => f.Length) <= (2 * needed) + spareBytes)
            {
                return null;
            }

            _isCompacting = true;
            return new Compaction(
                group, [.. group.SelectMany(f => f.Rows.Select(r => (f, r.Key, r.Value))).OrderBy(r => r.Key)]);
        }
    }

    /// <summary>Puts a file that holds the needed rows of others in their place.</summary>
    /// <param name="put">Null: it came to nothing.</param>
    /// <returns>The others.</returns>
    public List<TakenSegment> EndCompaction(SegmentFile? put)
    {
        lock (_gate)
        {
            _isCompacting = false;
            if (put is null)
            {
                return [];
            }

            int at = _files.FindIndex(f => f.Header.First == put.Header.First);
            put.Rows = put.Rows.Where(r => Find(r.Key)!.Rows.ContainsKey(r.Key)).ToDictionary();
            put.NeededBytes = put.Rows.Values.Sum(r => r.Span);
            SegmentHeader all = put.Header;
            List<TakenSegment> taken = Take(f => f.Header.First >= all.First && f.Header.Number <= all.Number);
            _files.Insert(at, put);
            return taken;
        }
    }

    /// <summary>Every file, to be closed at the end.</summary>
    public List<SegmentFile> All()
    {
        lock (_gate)
        {
            return [.. _files];
        }
    }

    private static byte[]? Read(SegmentFile file, long at, int length)
    {
        byte[] payload = new byte[length];
        return file.Read(payload, at) == length ? payload : null;
    }

    private List<TakenSegment> Take(Predicate<SegmentFile> which)
    {
        List<SegmentFile> taken = _files.FindAll(which);
        _files.RemoveAll(which);
        taken.ForEach(f => f.IsGone = true);
        return [.. taken.Select(f => new TakenSegment(f, f.Readers == 0))];
    }

    private void Leave(IEnumerable<SegmentFile> files)
    {
        lock (_gate)
        {
            foreach (SegmentFile file in files)
            {
                if (--file.Readers == 0 && file.IsGone)
                {
                    file.Dispose();
                }
            }
        }
    }

    private SegmentFile? Find(long row)
    {
        int low = 0;
        int high = _files.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            (low, high) = _files[middle].Header.FirstRow <= row ? (middle + 1, high) : (low, middle);
        }

        return low == 0 ? null : _files[low - 1];
    }
}

/// <summary>A segment that nobody needs.</summary>
/// <param name="File">Open.</param>
/// <param name="IsFree">Nobody reads in it, nor will; else whoever reads last closes it.</param>
internal readonly record struct TakenSegment(SegmentFile File, bool IsFree);
