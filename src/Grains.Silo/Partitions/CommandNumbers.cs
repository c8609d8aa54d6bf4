namespace Grains.Silo.Partitions;

/// <summary>
/// Numbers for one front end's commands to one partition, so that the numbers still in use never span more than the
/// window in which a partition remembers them. Any thread.
/// </summary>
internal sealed class CommandNumbers(int window)
{
    private readonly Lock _lock = new();
    private readonly bool[] _inUse = new bool[window];
    private long _oldest = 1;
    private long _next = 1;

    /// <summary>False: the oldest command still in use is a whole window back.</summary>
    public bool TryTake(out long number)
    {
        lock (_lock)
        {
            number = _next;
            if (_next - _oldest >= window)
            {
                return false;
            }

            _inUse[_next++ % window] = true;
            return true;
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
        }
    }
}
