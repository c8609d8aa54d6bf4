using System.Threading.Tasks.Sources;

namespace Grains.Resp.Sockets;

/// <summary>
/// Wakes one that waits for work: it goes on inside <see cref="Set"/>, without another thread. Nothing is allocated.
/// </summary>
internal sealed class WorkSignal : IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _source;
    private int _isWaiting;

    /// <summary>For one at a time.</summary>
    /// <param name="isThere">Whether there is work: looked at once more after everybody can see who waits.</param>
    public ValueTask WaitAsync(Func<bool> isThere)
    {
        _source.Reset();
        Interlocked.Exchange(ref _isWaiting, 1);
        return isThere() && Interlocked.Exchange(ref _isWaiting, 0) == 1
            ? default
            : new ValueTask(this, _source.Version);
    }

    /// <summary>After the work was added.</summary>
    public void Set()
    {
        if (Volatile.Read(ref _isWaiting) == 1 && Interlocked.Exchange(ref _isWaiting, 0) == 1)
        {
            _source.SetResult(true);
        }
    }

    void IValueTaskSource.GetResult(short token) => _source.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _source.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _source.OnCompleted(continuation, state, token, flags);
}
