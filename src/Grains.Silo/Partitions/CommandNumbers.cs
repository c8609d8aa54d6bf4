namespace Grains.Silo.Partitions;

/// <summary>
/// Numbers for one front end's commands to one partition, so that the numbers still in use never span more than the
/// window in which a partition remembers them. Any thread.
/// </summary>
/// <remarks>One slow command holds the window back; the others then wait for it here, in order and a bounded number.</remarks>
internal sealed class CommandNumbers(int window, int waitingMax)
{
    private readonly Lock _lock = new();
    private readonly bool[] _inUse = new bool[window];
    private readonly Queue<TaskCompletionSource<long>> _waiting = new();
    private long _oldest = 1;
    private long _next = 1;

    /// <summary>The next number, now or when the window has moved on; null = too many wait already.</summary>
    public ValueTask<long>? Take()
    {
        lock (_lock)
        {
            if (_waiting.Count == 0 && _next - _oldest < window)
            {
                return new ValueTask<long>(Use());
            }

            if (_waiting.Count >= waitingMax)
            {
                return null;
            }

            var turn = new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            return new ValueTask<long>(turn.Task);
        }
    }

    /// <summary>Nobody repeats this number any more.</summary>
    public void Release(long number)
    {
        lock (_lock)
        {
            _inUse[number % window] = false;
            while (_oldest < _next && !_inUse[_oldest % window])
            {
                _oldest++;
            }

            while (_waiting.Count > 0 && _next - _oldest < window)
            {
                _waiting.Dequeue().SetResult(Use());
            }
        }
    }

    private long Use()
    {
        _inUse[_next % window] = true;
        return _next++;
    }
}
