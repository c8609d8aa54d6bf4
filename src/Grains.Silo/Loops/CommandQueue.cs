using Grains.Silo.Budgets;

namespace Grains.Silo.Loops;

/// <summary>
/// Commands waiting for one loop, bounded in count and bytes, and the loop's way to sleep until there is something.
/// Any thread posts; one loop takes.
/// </summary>
/// <param name="countMax">Commands.</param>
/// <param name="bytesMax">Their bytes.</param>
/// <param name="all">What waits in all queues of the process, or is being decided: the loop says when it is not any
/// more.</param>
/// <param name="woken">Told after each wake, by a loop that does not sleep here; null = it does.</param>
internal sealed class CommandQueue(int countMax, long bytesMax, ByteShare? all = null, Action? woken = null)
{
    private readonly Lock _lock = new();
    private readonly Queue<Ticket> _tickets = new();
    private List<Ticket> _gone = [];
    private List<Ticket> _goneTaken = [];
    private TaskCompletionSource? _sleeper;
    private long _bytes;
    private bool _woken;
    private bool _closed;

    public int Count => _tickets.Count;

    public QueueVerdict Post(Ticket ticket)
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            if (_closed)
            {
                return QueueVerdict.Closed;
            }

            // One command larger than the byte bound still passes while nothing else waits.
            if (_tickets.Count >= countMax || (_bytes + ticket.SizeBytes > bytesMax && _tickets.Count > 0)
                || all?.TryTake(ticket.SizeBytes) == false)
            {
                return QueueVerdict.Full;
            }

            _tickets.Enqueue(ticket);
            _bytes += ticket.SizeBytes;
            sleeper = _sleeper;
            _sleeper = null;
        }

        sleeper?.TrySetResult();
        return QueueVerdict.Taken;
    }

    /// <summary>The caller of this ticket has gone; the loop is to let the machine forget it.</summary>
    public void Forget(Ticket ticket)
    {
        ticket.IsGone = true;
        lock (_lock)
        {
            if (_closed)
            {
                return;
            }

            _gone.Add(ticket);
        }

        Wake();
    }

    /// <summary>Ends the present sleep, or the next.</summary>
    public void Wake()
    {
        TaskCompletionSource? sleeper;
        lock (_lock)
        {
            _woken = true;
            sleeper = _sleeper;
            _sleeper = null;
        }

        sleeper?.TrySetResult();
        woken?.Invoke();
    }

    /// <summary>Loop only. Ends at once if anything was posted or woke it since the last call.</summary>
    public Task SleepAsync()
    {
        lock (_lock)
        {
            if (_woken || _closed || _tickets.Count > 0)
            {
                _woken = false;
                return Task.CompletedTask;
            }

            _sleeper = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return AwokenAsync(_sleeper.Task);
        }
    }

    /// <summary>Loop only. Everything waiting, in order, up to the bounds; at least one if there is any.</summary>
    public void TakeInto(List<Request> batch, int batchMax, long batchBytesMax)
    {
        lock (_lock)
        {
            long bytes = 0;
            while (batch.Count < batchMax && _tickets.TryPeek(out Ticket? next)
                && (batch.Count == 0 || bytes + next.SizeBytes <= batchBytesMax))
            {
                _tickets.Dequeue();
                _bytes -= next.SizeBytes;
                if (next.IsGone)
                {
                    all?.Return(next.SizeBytes);
                    continue;
                }

                bytes += next.SizeBytes;
                batch.Add(new Request(next.Command, next));
            }
        }
    }

    /// <summary>Takes out what is to be answered without being decided.</summary>
    public Ticket[] TakeAll(Func<Ticket, bool> which)
    {
        lock (_lock)
        {
            Ticket[] tickets = [.. _tickets];
            _tickets.Clear();
            foreach (Ticket stays in tickets.Where(t => !which(t)))
            {
                _tickets.Enqueue(stays);
            }

            _bytes = _tickets.Sum(t => t.SizeBytes);
            Ticket[] taken = [.. tickets.Where(which)];
            all?.Return(taken.Sum(t => t.SizeBytes));
            return taken;
        }
    }

    /// <summary>Loop only. The tickets to forget; valid until the next call.</summary>
    public List<Ticket> TakeGone()
    {
        lock (_lock)
        {
            _goneTaken.Clear();
            (_gone, _goneTaken) = (_goneTaken, _gone);
            return _goneTaken;
        }
    }

    /// <summary>Nothing is taken from now on; what still waits is handed back.</summary>
    public Ticket[] Close()
    {
        lock (_lock)
        {
            _closed = true;
            Ticket[] rest = [.. _tickets];
            _tickets.Clear();
            _gone.Clear();
            all?.Return(_bytes);
            _bytes = 0;
            return rest;
        }
    }

    private async Task AwokenAsync(Task sleep)
    {
        await sleep;
        lock (_lock)
        {
            _woken = false;
        }
    }
}

internal enum QueueVerdict
{
    Taken,
    Full,
    Closed,
}
