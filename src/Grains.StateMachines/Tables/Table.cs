namespace Grains.StateMachines.Tables;

/// <summary>What is done to all tables of a partition together.</summary>
internal abstract class Table
{
    /// <summary>Replay writes through: what it reads is durable already.</summary>
    public bool WriteThrough { get; set; }

    /// <summary>Where it puts itself when something is staged in it; null = it is committed alone.</summary>
    public List<Table>? Staged { get; init; }

    /// <summary>The staged entries are durable.</summary>
    public abstract void Commit();

    /// <summary>The staged entries never were.</summary>
    public abstract void Drop();
}

/// <summary>
/// Durable entries, and beside them the effects of the one undecided batch. Rules see both; everything else sees the
/// durable ones only, until <see cref="Commit"/> moves the staged ones in.
/// </summary>
internal sealed class Table<TKey, TValue> : Table
    where TKey : struct, IComparable<TKey>, IEquatable<TKey>
    where TValue : class
{
    private readonly Tree<TKey, TValue> _durable = new();
    private readonly Dictionary<TKey, TValue?> _staged = [];

    // What was looked for last, while it is so: a rule, its budget and its effects ask for the same entry in a row.
    private TKey _lastKey;
    private TValue? _lastFound;
    private bool _hasLast;

    /// <summary>Without the staged ones.</summary>
    public int Count => _durable.Count;

    public TValue? Get(in TKey key)
    {
        if (!_hasLast || !_lastKey.Equals(key))
        {
            _lastFound = _staged.Count > 0 && _staged.TryGetValue(key, out TValue? staged)
                ? staged : _durable.Find(key);
            _lastKey = key;
            _hasLast = true;
        }

        return _lastFound;
    }

    public TValue? GetDurable(in TKey key) => _durable.Find(key);

    /// <summary>Null removes.</summary>
    public void Set(in TKey key, TValue? value)
    {
        _hasLast = false;
        if (WriteThrough)
        {
            Write(key, value);
        }
        else
        {
            if (_staged.Count == 0)
            {
                Staged?.Add(this);
            }

            _staged[key] = value;
        }
    }

    public override void Commit()
    {
        if (_staged.Count == 0)
        {
            return;
        }

        foreach ((TKey key, TValue? value) in _staged)
        {
            Write(key, value);
        }

        Drop();
    }

    public override void Drop()
    {
        _staged.Clear();
        _lastFound = null;
        _hasLast = false;
    }

    /// <summary>Durable entries from <paramref name="from"/> on. The table must not be committed meanwhile.</summary>
    public IEnumerable<KeyValuePair<TKey, TValue>> From(TKey from) => _durable.From(from);

    /// <summary>
    /// Entries from <paramref name="from"/> up to, not including, <paramref name="end"/>, staged ones included, in no
    /// order.
    /// </summary>
    public List<KeyValuePair<TKey, TValue>> Between(TKey from, TKey end)
    {
        List<KeyValuePair<TKey, TValue>> found = [];
        foreach (KeyValuePair<TKey, TValue> entry in _durable.From(from))
        {
            if (entry.Key.CompareTo(end) >= 0)
            {
                break;
            }

            if (_staged.Count == 0 || !_staged.ContainsKey(entry.Key))
            {
                found.Add(entry);
            }
        }

        foreach ((TKey key, TValue? value) in _staged)
        {
            if (value is not null && key.CompareTo(from) >= 0 && key.CompareTo(end) < 0)
            {
                found.Add(new(key, value));
            }
        }

        return found;
    }

    /// <summary>The first durable entry at or after <paramref name="from"/>.</summary>
    public bool TryFirstDurable(in TKey from, out TKey key, out TValue value) =>
        _durable.TryFirst(from, out key, out value);

    /// <summary>
    /// Removes a durable entry at once: for what every record lets go by rule, in decisions and in replay alike.
    /// </summary>
    public void RemoveDurable(in TKey key)
    {
        _hasLast = false;
        _durable.Remove(key);
    }

    public FrozenTree<TKey, TValue> Freeze() => _durable.Freeze();

    private void Write(in TKey key, TValue? value)
    {
        if (value is null)
        {
            _durable.Remove(key);
        }
        else
        {
            _durable.Set(key, value);
        }
    }
}
