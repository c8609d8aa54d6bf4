using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>The records of one partition: places, not payloads. Guarded by its <see cref="PartitionLog"/>.</summary>
internal sealed class LogIndex(PartitionId partition)
{
    private const int _pageEntriesMax = 128;
    private const int _pageBytesMax = 1 << 20;

    private readonly List<LogEntry> _entries = [];
    private readonly Dictionary<Revision, LogDamage> _damage = [];
    private JournalTail _base;

    /// <summary>The newest record, or what was forgotten up to.</summary>
    public JournalTail Tail => _entries.Count > 0 ? _entries[^1].Tail : _base;

    public Epoch NewestEpoch => _entries.Count > 0 ? _entries[^1].Epoch : default;

    /// <summary>The row of the newest record; 0 if there is none.</summary>
    public long NewestRow => _entries.Count > 0 ? _entries[^1].Place.Row : 0;

    /// <summary>Records up to here are forgotten.</summary>
    public JournalTail Base => _base;

    /// <summary>Set if it cannot be known whether <see cref="Tail"/> is the newest record.</summary>
    public LogDamage? TailDamage { get; private set; }

    public void StartAt(JournalTail forgottenUpTo) => _base = forgottenUpTo;

    public void Add(LogEntry entry) => _entries.Add(entry);

    /// <summary>The same records in an index that nothing changes.</summary>
    public LogIndex Copy()
    {
        LogIndex copy = new(partition) { TailDamage = TailDamage };
        copy.StartAt(_base);
        copy._entries.AddRange(_entries);
        foreach ((Revision revision, LogDamage damage) in _damage)
        {
            copy._damage.Add(revision, damage);
        }

        return copy;
    }

    /// <summary>The record that begins at <paramref name="revision"/> cannot be read.</summary>
    public void MarkDamaged(Revision revision, string what) =>
        _damage[revision] = new LogDamage(partition, revision, what);

    /// <summary>Nothing is known after the tail.</summary>
    public void MarkTailDamaged(string what) => TailDamage ??= new LogDamage(partition, Tail.Revision.Next, what);

    public bool Holds(JournalTail tail)
    {
        int at = FirstEndingAtOrAfter(tail.Revision);
        return at < _entries.Count ? _entries[at].Tail == tail : tail == _base && tail != JournalTail.Empty;
    }

    public JournalTail? NewestAtOrBelow(Revision upTo)
    {
        int at = FirstEndingAtOrAfter(upTo.Next);
        return at == 0 ? null : _entries[at - 1].Tail;
    }

    public IReadOnlyList<LogEntry> Forget(JournalTail upTo)
    {
        if (upTo.Revision <= _base.Revision)
        {
            return [];
        }

        int count = FirstEndingAtOrAfter(upTo.Revision.Next);
        List<LogEntry> forgotten = _entries.GetRange(0, count);
        _entries.RemoveRange(0, count);
        _base = upTo;
        return forgotten;
    }

    public LogPage Page(Revision from, Revision through)
    {
        if (from <= _base.Revision)
        {
            return new LogPage(_base, [], null, Oldest: _base.Revision.Next);
        }

        int at = FirstEndingAtOrAfter(from);
        JournalTail before = at == 0 ? _base : _entries[at - 1].Tail;
        if (at < _entries.Count && _entries[at].First != from && before.Revision.Next != from)
        {
            throw new ArgumentException(
                $"Partition {partition} has a record {_entries[at].First}…{_entries[at].Last}: "
                + $"read from its first revision, not from {from}, which lies within it.",
                nameof(from));
        }

        if (from > Tail.Revision.Next)
        {
            throw new ArgumentOutOfRangeException(
                nameof(from), $"Partition {partition} ends at {Tail.Revision}: nothing can be read from {from}.");
        }

        List<LogEntry> page = [];
        int bytes = 0;
        for (; at < _entries.Count && page.Count < _pageEntriesMax && bytes < _pageBytesMax; at++)
        {
            LogEntry entry = _entries[at];
            if (entry.First > through)
            {
                return new LogPage(before, page, null);
            }

            if (_damage.TryGetValue(entry.First, out LogDamage? damage))
            {
                return new LogPage(before, page, damage);
            }

            page.Add(entry);
            bytes += entry.Place.Length;
        }

        return new LogPage(before, page, at == _entries.Count ? TailDamage : null);
    }

    private int FirstEndingAtOrAfter(Revision revision)
    {
        int low = 0;
        int high = _entries.Count;
        while (low < high)
        {
            int middle = (low + high) >>> 1;
            if (_entries[middle].Last < revision)
            {
                low = middle + 1;
            }
            else
            {
                high = middle;
            }
        }

        return low;
    }
}
