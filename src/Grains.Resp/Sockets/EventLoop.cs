using System.Collections.Concurrent;
using System.Net.Sockets;
using Grains.Silo.Loops;

namespace Grains.Resp.Sockets;

/// <summary>
/// One thread for all connections: it begins what has come on all of them, leads the engine through one cycle for all
/// that was begun, and sends the answers. A command that is alone changes threads nowhere; many share a flush.
/// </summary>
/// <remarks>
/// What is awaited here goes on here: the thread has a <see cref="SynchronizationContext"/>. A flush that hangs takes
/// the thread with it; then another one goes on with the connections.
/// </remarks>
internal sealed class EventLoop : SynchronizationContext, IDisposable
{
    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _leadMax = TimeSpan.FromMilliseconds(250);

    /// <summary>Then it is looked at the sockets again.</summary>
    private const int _inARowMax = 10_000;

    private readonly Func<bool>? _lead;
    private readonly Action? _hangs;
    private readonly TimeProvider _time = TimeProvider.System;
    private readonly SocketPoll _poll = new();
    private readonly ConcurrentQueue<(SendOrPostCallback What, object? Of)> _posted = new();
    private readonly Dictionary<long, LoopSocket> _sockets = [];
    private readonly Lock _lock = new();
    private readonly ITimer _watch;
    private List<WorkSignal> _later = [];
    private List<WorkSignal> _now = [];
    private long _lastId;
    private long _leadBegunAt;
    private int _isAsleep;
    private int _life;
    private volatile int _threadId;
    private volatile bool _isOver;

    /// <param name="lead">Called after whatever was begun; true = once more, soon. Null = there is nothing to
    /// lead.</param>
    /// <param name="hangs">Told when that took so long that another thread has the connections.</param>
    public EventLoop(Func<bool>? lead, Action? hangs = null)
    {
        (_lead, _hangs) = (lead, hangs);
        Begin(_life);
        _watch = _time.CreateTimer(static loop => ((EventLoop)loop!).LookForHang(), this, _lookEvery, _lookEvery);
    }

    public static bool IsSupported => OperatingSystem.IsLinux();

    /// <summary>Nothing goes on there any more.</summary>
    public bool IsOver => _isOver;

    /// <summary>The calling thread is the loop's.</summary>
    public bool IsHere => Environment.CurrentManagedThreadId == _threadId;

    /// <summary>
    /// Any thread: it is done on the loop's, after what was posted before; after the end of the loop, by the pool, for
    /// others may wait for what was begun here.
    /// </summary>
    public override void Post(SendOrPostCallback d, object? state)
    {
        _posted.Enqueue((d, state));
        if (_isOver)
        {
            LeaveToPool();
        }
        else if (!IsHere && Interlocked.Exchange(ref _isAsleep, 0) == 1)
        {
            _poll.Wake();
        }
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("Nobody waits for the thread of all connections.");

    /// <summary>On the loop's thread: from now on it is told what happens to it.</summary>
    /// <returns>Its id.</returns>
    public long Watch(LoopSocket watched, Socket socket)
    {
        _sockets.Add(++_lastId, watched);
        _poll.Add((int)socket.Handle, _lastId);
        return _lastId;
    }

    /// <summary>On the loop's thread, or after its end.</summary>
    public void Forget(LoopSocket socket)
    {
        if (IsHere)
        {
            _sockets.Remove(socket.Id);
        }
    }

    /// <summary>On the loop's thread: to be set after all others had their turn.</summary>
    public void Later(WorkSignal signal) => _later.Add(signal);

    /// <summary>After the last connection is closed.</summary>
    public void Dispose()
    {
        _watch.Dispose();
        _isOver = true;
        _poll.Wake();
    }

    private void Begin(int life) =>
        new Thread(() => Run(life)) { Name = "grains resp", IsBackground = true }.Start();

    private void Run(int life)
    {
        _threadId = Environment.CurrentManagedThreadId;
        SetSynchronizationContext(this);
        EngineLead.PromiseOnThisThread();
        while (!_isOver)
        {
            RunPosted();
            if (!TryLead(life, out bool isMoreReady))
            {
                return;
            }

            Poll(isMoreReady);
        }

        _poll.Dispose();
        LeaveToPool();
    }

    private void LeaveToPool()
    {
        while (_posted.TryDequeue(out (SendOrPostCallback What, object? Of) next))
        {
            ThreadPool.UnsafeQueueUserWorkItem(static left => left.What(left.Of), next, preferLocal: false);
        }
    }

    private void RunPosted()
    {
        for (int i = 0; i < _inARowMax && _posted.TryDequeue(out (SendOrPostCallback What, object? Of) next); i++)
        {
            next.What(next.Of);
        }
    }

    /// <summary>False: it took so long that another thread has the connections now.</summary>
    private bool TryLead(int life, out bool isMoreReady)
    {
        isMoreReady = false;
        if (_lead is null)
        {
            return true;
        }

        Volatile.Write(ref _leadBegunAt, _time.GetTimestamp());
        isMoreReady = _lead();
        lock (_lock)
        {
            if (_life != life)
            {
                // What became ready meanwhile is led by the one that has them.
                _poll.Wake();
                return false;
            }

            _leadBegunAt = 0;
            return true;
        }
    }

    private void Poll(bool isMoreReady)
    {
        bool isIdle = !isMoreReady && _later.Count == 0;
        if (isIdle)
        {
            // Whoever posts after this wakes it; what was posted before is seen here.
            Interlocked.Exchange(ref _isAsleep, 1);
        }

        int count = _poll.Wait(mayWait: isIdle && _posted.IsEmpty && !_isOver);
        Volatile.Write(ref _isAsleep, 0);
        for (int i = 0; i < count; i++)
        {
            (long id, uint what) = _poll.At(i);
            if (_sockets.TryGetValue(id, out LoopSocket? socket))
            {
                socket.Told(what);
            }
        }

        (_now, _later) = (_later, _now);
        _now.ForEach(static signal => signal.Set());
        _now.Clear();
    }

    /// <summary>The thread that hangs leaves when it comes back, and touches nothing of the loop before.</summary>
    private void LookForHang()
    {
        lock (_lock)
        {
            if (_leadBegunAt == 0 || _time.GetElapsedTime(_leadBegunAt) <= _leadMax)
            {
                return;
            }

            _leadBegunAt = 0;
            Begin(++_life);
        }

        _hangs?.Invoke();
    }
}
