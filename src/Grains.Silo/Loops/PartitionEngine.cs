using System.Collections.Concurrent;
using Grains.Journal;

namespace Grains.Silo.Loops;

/// <summary>
/// Runs the turns of all loops of a process whose journal can be led: every loop that has something decides, one flush makes all of
/// it durable, then all commit and answer. No command changes threads on the way: who posts one leads the cycle, if nobody does.
/// </summary>
/// <remarks>
/// <para>One leads at a time: a caller until its own command is answered, else the engine's thread until nothing is ready. Nobody leads
/// on a thread that serves sockets: callers come from the pool.</para>
/// <para>A loop is in one cycle once at the most, so at most one batch of it is undecided (rule 3).</para>
/// </remarks>
public sealed class PartitionEngine : IDisposable
{
    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(100);

    private readonly ILedJournal _journal;
    private readonly TimeProvider _time;
    private readonly TimeSpan _unanswered;
    private readonly ConcurrentQueue<PartitionLoop> _ready = new();
    private readonly List<PartitionLoop> _cycle = [];
    private readonly List<LedAppend> _appends = [];
    private readonly ConcurrentDictionary<PartitionLoop, bool> _loops = new();
    private readonly AutoResetEvent _work = new(false);
    private readonly ITimer _watch;
    private readonly Thread _thread;
    private int _isLed;
    private long _flushBegunAt;
    private bool _hasStalled;
    private volatile bool _isStopping;

    public PartitionEngine(ILedJournal journal, TimeProvider time, PartitionOptions options)
    {
        (_journal, _time, _unanswered) = (journal, time, TimeSpan.FromMilliseconds(options.UnansweredMsMax));
        _watch = time.CreateTimer(static engine => ((PartitionEngine)engine!).LookForStall(), this, _lookEvery, _lookEvery);
        _thread = new Thread(Run) { Name = "grains engine", IsBackground = true };
        _thread.Start();
    }

    /// <summary>No turn is run any more but by who posts something. The event stays: a timer of a loop may be on its way to it.</summary>
    public void Dispose()
    {
        _isStopping = true;
        _work.Set();
        _thread.Join();
        _watch.Dispose();
    }

    internal void Add(PartitionLoop loop) => _loops.TryAdd(loop, true);

    internal void Remove(PartitionLoop loop) => _loops.TryRemove(loop, out _);

    /// <summary>Any thread: the loop is to have a turn. Whoever leads, or is led to, gives it one.</summary>
    internal void Ready(PartitionLoop loop)
    {
        if (loop.TryBecomeReady())
        {
            _ready.Enqueue(loop);
        }
    }

    /// <summary>Any thread: somebody is to lead, if something is ready; not this one.</summary>
    internal void Kick()
    {
        if (Volatile.Read(ref _isLed) == 0)
        {
            _work.Set();
        }
    }

    /// <summary>Leads until the command is answered, or waits inside its partition; not at all if somebody does.</summary>
    internal void LeadFor(TaskTicket ticket)
    {
        if (Interlocked.CompareExchange(ref _isLed, 1, 0) != 0)
        {
            return;
        }

        do
        {
            RunCycle();
        }
        while (!ticket.Task.IsCompleted && !_ready.IsEmpty);
        GiveUpLead();
    }

    /// <summary>Whoever made a loop ready and found somebody leading relies on this look.</summary>
    private void GiveUpLead()
    {
        Interlocked.Exchange(ref _isLed, 0);
        if (!_ready.IsEmpty)
        {
            _work.Set();
        }
    }

    private void Run()
    {
        while (!_isStopping)
        {
            _work.WaitOne();
            while (!_ready.IsEmpty && Interlocked.CompareExchange(ref _isLed, 1, 0) == 0)
            {
                while (!_ready.IsEmpty)
                {
                    RunCycle();
                }

                Interlocked.Exchange(ref _isLed, 0);
            }
        }
    }

    private void RunCycle()
    {
        for (int left = _ready.Count; left > 0 && _ready.TryDequeue(out PartitionLoop? loop); left--)
        {
            if (loop.BeginTurn() is { } append)
            {
                _cycle.Add(loop);
                _appends.Add(append);
            }
        }

        if (_appends.Count == 0)
        {
            return;
        }

        Volatile.Write(ref _flushBegunAt, _time.GetTimestamp() | 1);
        _journal.Flush(_appends);
        Volatile.Write(ref _flushBegunAt, 0);
        for (int i = 0; i < _cycle.Count; i++)
        {
            _cycle[i].EndTurn(_appends[i]);
        }

        _cycle.Clear();
        _appends.Clear();
        if (Volatile.Read(ref _hasStalled))
        {
            _hasStalled = false;
            foreach (PartitionLoop loop in _loops.Keys)
            {
                loop.EndStall();
            }
        }
    }

    /// <summary>While a flush takes longer than callers wait, they are told so; whoever leads it is where they cannot do it.</summary>
    private void LookForStall()
    {
        long begunAt = Volatile.Read(ref _flushBegunAt);
        if (begunAt == 0 || _hasStalled || _time.GetElapsedTime(begunAt) < _unanswered)
        {
            return;
        }

        _hasStalled = true;
        foreach (PartitionLoop loop in _loops.Keys)
        {
            loop.BeginStall($"The journal gave no verdict within {_unanswered}.");
        }
    }
}
