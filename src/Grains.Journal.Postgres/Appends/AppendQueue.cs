using Grains.StateMachines.Ids;

namespace Grains.Journal.Postgres.Appends;

/// <summary>Appends that wait for a lane, in the order in which they came.</summary>
internal sealed class AppendQueue(int requestsMax, long bytesMax)
{
    private readonly Lock _gate = new();
    private readonly LinkedList<AppendRequest> _requests = new();
    private readonly Queue<TaskCompletionSource> _sleepers = new();
    private readonly Queue<TaskCompletionSource> _spareSleepers = new();
    private long _bytes;
    private bool _isClosed;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _requests.Count;
            }
        }
    }

    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Null, or why it was not taken.</summary>
    public string? TryAdd(AppendRequest request)
    {
        TaskCompletionSource? sleeper;
        lock (_gate)
        {
            if (_isClosed)
            {
                return "The journal is closed.";
            }

            if (_requests.Count >= requestsMax || (_bytes > 0 && _bytes + request.Append.Payload.Length > bytesMax))
            {
                return $"{_requests.Count} appends of {_bytes} bytes wait for Postgres, which is the limit. Send less, "
                    + $"or raise {nameof(PostgresJournalOptions.QueuedAppendsMax)} or "
                    + $"{nameof(PostgresJournalOptions.QueuedBytesMax)}.";
            }

            _requests.AddLast(request);
            _bytes += request.Append.Payload.Length;
            sleeper = NextSleeper();
        }

        sleeper?.TrySetResult();
        return null;
    }

    /// <summary>Returns when something waits, or may; false once it is closed and empty.</summary>
    /// <param name="isSpare">Woken only when no other lane sleeps.</param>
    public async ValueTask<bool> WaitAsync(bool isSpare)
    {
        TaskCompletionSource sleeper;
        lock (_gate)
        {
            if (_requests.Count > 0)
            {
                return true;
            }

            if (_isClosed)
            {
                return false;
            }

            sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            (isSpare ? _spareSleepers : _sleepers).Enqueue(sleeper);
        }

        await sleeper.Task;
        return true;
    }

    /// <summary>Takes what waits, at most one append of a partition, ordered by partition.</summary>
    public void Take(List<AppendRequest> into, HashSet<PartitionId> partitions, int rowsMax, long bytesPerTakeMax)
    {
        into.Clear();
        partitions.Clear();
        TaskCompletionSource? next = null;
        lock (_gate)
        {
            long bytes = 0;
            for (LinkedListNode<AppendRequest>? node = _requests.First; node is not null && into.Count < rowsMax;)
            {
                LinkedListNode<AppendRequest> taken = node;
                node = node.Next;
                int length = taken.Value.Append.Payload.Length;
                if (bytes > 0 && bytes + length > bytesPerTakeMax)
                {
                    break;
                }

                if (partitions.Add(taken.Value.Partition))
                {
                    into.Add(taken.Value);
                    bytes += length;
                    _requests.Remove(taken);
                }
            }

            _bytes -= bytes;
            if (_requests.Count > 0)
            {
                next = NextSleeper();
            }
        }

        next?.TrySetResult();
        into.Sort(static (a, b) => a.Partition.CompareTo(b.Partition));
    }

    /// <summary>Takes out those that have waited since before a moment.</summary>
    public List<AppendRequest> TakeOlderThan(long moment)
    {
        List<AppendRequest> old = [];
        lock (_gate)
        {
            while (_requests.First is { } oldest && oldest.Value.EnqueuedAt < moment)
            {
                old.Add(oldest.Value);
                _bytes -= oldest.Value.Append.Payload.Length;
                _requests.RemoveFirst();
            }
        }

        return old;
    }

    /// <summary>Nothing more is taken in; what waits is still handed out.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            while (NextSleeper() is { } sleeper)
            {
                sleeper.TrySetResult();
            }
        }
    }

    private TaskCompletionSource? NextSleeper() =>
        _sleepers.TryDequeue(out TaskCompletionSource? sleeper) || _spareSleepers.TryDequeue(out sleeper)
            ? sleeper
            : null;
}
