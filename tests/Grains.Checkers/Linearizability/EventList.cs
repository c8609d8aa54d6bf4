namespace Grains.Checkers.Linearizability;

/// <summary>
/// Calls and returns in time order, as a doubly linked list from which a linearized operation is taken out and into
/// which it is put back in reverse order. Entry 0 is the head; -1 is the end.
/// </summary>
internal sealed class EventList
{
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _operation;
    private readonly bool[] _isCall;
    private readonly int[] _returnOf;

    public EventList(IReadOnlyList<(long CallNs, long? ReturnNs)> operations)
    {
        var events = new List<(long Ns, int Kind, int Operation)>();
        for (int i = 0; i < operations.Count; i++)
        {
            events.Add((operations[i].CallNs, 0, i));
            if (operations[i].ReturnNs is { } end)
            {
                events.Add((end, 1, i));
            }
        }

        // Where times are equal, calls come before returns: the operations then overlap, which allows more.
        events.Sort();
        int count = events.Count + 1;
        _next = new int[count];
        _previous = new int[count];
        _operation = new int[count];
        _isCall = new bool[count];
        _returnOf = new int[operations.Count];
        Array.Fill(_returnOf, -1);
        for (int i = 0; i < count; i++)
        {
            _next[i] = i + 1 < count ? i + 1 : -1;
            _previous[i] = i - 1;
        }

        for (int i = 1; i < count; i++)
        {
            _operation[i] = events[i - 1].Operation;
            _isCall[i] = events[i - 1].Kind == 0;
            if (!_isCall[i])
            {
                _returnOf[_operation[i]] = i;
            }
        }
    }

    public int First => _next[0];

    public int Next(int entry) => _next[entry];

    public bool IsCall(int entry) => _isCall[entry];

    public int OperationOf(int entry) => _operation[entry];

    /// <summary>Takes out a call and its return.</summary>
    public void Lift(int call)
    {
        Unlink(call);
        int end = _returnOf[_operation[call]];
        if (end >= 0)
        {
            Unlink(end);
        }
    }

    /// <summary>Undoes the last <see cref="Lift"/>.</summary>
    public void Restore(int call)
    {
        int end = _returnOf[_operation[call]];
        if (end >= 0)
        {
            Relink(end);
        }

        Relink(call);
    }

    private void Unlink(int entry)
    {
        _next[_previous[entry]] = _next[entry];
        if (_next[entry] >= 0)
        {
            _previous[_next[entry]] = _previous[entry];
        }
    }

    private void Relink(int entry)
    {
        _next[_previous[entry]] = entry;
        if (_next[entry] >= 0)
        {
            _previous[_next[entry]] = entry;
        }
    }
}
