namespace Grains.StateMachines.Tables;

/// <summary>
/// The keys of a node in order, and how one is found among them. Copies of a node share them until one of the copies
/// is to have other keys.
/// </summary>
/// <remarks>
/// One writer, whose own they are. Who searches may be any thread while nobody writes; the heads are made by the first
/// who needs them.
/// </remarks>
internal sealed class NodeKeys<TKey>
    where TKey : struct, IComparable<TKey>
{
    /// <summary>Fewer keys are compared one by one.</summary>
    private const int _headsFrom = 8;

    private TKey[] _keys;

    /// <summary>How many bytes all keys share, then the head of each; null = not made, or there are none.</summary>
    private ulong[]? _heads;

    public NodeKeys(int capacity) => _keys = new TKey[capacity];

    private NodeKeys(NodeKeys<TKey> from)
    {
        (_keys, Count) = ((TKey[])from._keys.Clone(), from.Count);
        _heads = (ulong[]?)Volatile.Read(ref from._heads)?.Clone();
    }

    public int Count { get; private set; }

    public int Capacity => _keys.Length;

    public ref readonly TKey this[int at] => ref _keys[at];

    public NodeKeys<TKey> Copy() => new(this);

    /// <returns>The index, or the complement of where it would stand.</returns>
    public int IndexOf(in TKey key)
    {
        if (KeyHeads<TKey>.Of is not { } kind || Count < _headsFrom
            || (Volatile.Read(ref _heads) ?? MakeHeads(kind)) is not { } heads)
        {
            return Search(key, 0, Count);
        }

        int skip = (int)heads[0];
        ulong head = kind.HeadOf(key, skip);
        int at = FirstFrom(heads, head);
        if (at < Count && heads[at + 1] == head && _keys[at].CompareTo(key) == 0)
        {
            return at;
        }

        // One that does not begin as all of them do has a head that says nothing.
        int place = kind.PlaceOf(key, _keys[0], skip);
        if (place != 0)
        {
            return place < 0 ? ~0 : ~Count;
        }

        int end = at;
        while (end < Count && heads[end + 1] == head)
        {
            end++;
        }

        return Search(key, at, end);
    }

    public void Insert(int at, in TKey key)
    {
        if (Count == _keys.Length)
        {
            Array.Resize(ref _keys, _keys.Length * 2);
        }

        Array.Copy(_keys, at, _keys, at + 1, Count - at);
        _keys[at] = key;
        Count++;
        if (_heads is null || !BeginsAsAll(at))
        {
            _heads = null;
            return;
        }

        if (_heads.Length <= Count)
        {
            Array.Resize(ref _heads, _keys.Length + 1);
        }

        Array.Copy(_heads, at + 1, _heads, at + 2, Count - 1 - at);
        _heads[at + 1] = KeyHeads<TKey>.Of!.HeadOf(key, (int)_heads[0]);
    }

    /// <summary>Another key, that stands in the same place.</summary>
    public void Replace(int at, in TKey key)
    {
        _keys[at] = key;
        if (_heads is null || !BeginsAsAll(at))
        {
            _heads = null;
            return;
        }

        _heads[at + 1] = KeyHeads<TKey>.Of!.HeadOf(key, (int)_heads[0]);
    }

    public void RemoveAt(int at)
    {
        Count--;
        Array.Copy(_keys, at + 1, _keys, at, Count - at);
        _keys[Count] = default;
        if (_heads is not null)
        {
            Array.Copy(_heads, at + 2, _heads, at + 1, Count - at);
        }
    }

    /// <summary>Those from there on become others' keys.</summary>
    public NodeKeys<TKey> Split(int from, int capacity)
    {
        var right = new NodeKeys<TKey>(capacity) { Count = Count - from };
        if (right.Count > 0)
        {
            Array.Copy(_keys, from, right._keys, 0, right.Count);
            Array.Clear(_keys, from, right.Count);
            Count = from;
            // Each half may share more than both did.
            _heads = null;
        }

        return right;
    }

    /// <summary>Appends all of these, which are larger and stay as they are.</summary>
    public void Take(NodeKeys<TKey> larger)
    {
        int capacity = _keys.Length;
        while (capacity < Count + larger.Count)
        {
            capacity *= 2;
        }

        Array.Resize(ref _keys, capacity);
        Array.Copy(larger._keys, 0, _keys, Count, larger.Count);
        Count += larger.Count;
        _heads = null;
    }

    private int Search(in TKey key, int from, int end)
    {
        int low = from;
        int high = end - 1;
        while (low <= high)
        {
            int middle = (low + high) >>> 1;
            int order = _keys[middle].CompareTo(key);
            if (order == 0)
            {
                return middle;
            }

            if (order < 0)
            {
                low = middle + 1;
            }
            else
            {
                high = middle - 1;
            }
        }

        return ~low;
    }

    /// <summary>The first that has this head or a larger one.</summary>
    private int FirstFrom(ulong[] heads, ulong head)
    {
        int low = 0;
        for (int high = Count; low < high;)
        {
            int middle = (low + high) >>> 1;
            if (heads[middle + 1] < head)
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

    /// <summary>The key there shares what all others share: any of those tells.</summary>
    private bool BeginsAsAll(int at)
    {
        int other = at == 0 ? 1 : 0;
        return other < Count && KeyHeads<TKey>.Of!.Shared(_keys[other], _keys[at]) >= (int)_heads![0];
    }

    private ulong[]? MakeHeads(KeyHeads<TKey> kind)
    {
        // They are in order: what the first and the last share, all do.
        int skip = kind.Shared(_keys[0], _keys[Count - 1]);
        if (skip < 0)
        {
            return null;
        }

        ulong[] heads = new ulong[_keys.Length + 1];
        heads[0] = (ulong)skip;
        for (int i = 0; i < Count; i++)
        {
            heads[i + 1] = kind.HeadOf(_keys[i], skip);
        }

        Volatile.Write(ref _heads, heads);
        return heads;
    }
}
