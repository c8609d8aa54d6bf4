using System.Collections.Concurrent;
using Grains.Journal;

namespace Grains.Silo.Loops;

/// <summary>
/// Runs the turns of all loops of a process whose journal can be led: every loop that has something decides, one flush
/// makes all of it durable, then all commit and answer. No command changes threads on the way: who posts one leads the
/// cycle, if nobody does.
/// </summary>
/// <remarks>
/// <para>One leads at a time: a caller until its own command is answered, else the engine's thread until nothing is
/// ready. Commands that may wait inside their partition, or are only posted, are led by the engine's thread.</para>
/// <para>A loop is in one cycle once at the most, so at most one batch of it is undecided (rule 3).</para>
/// </remarks>
public sealed class PartitionEngine : IDisposable
{
    private static readonly TimeSpan _lookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>A flush that hangs is in the disk's hands: a stop does not wait for it.</summary>
    private static readonly TimeSpan _stopMax = TimeSpan.FromSeconds(5);

    /// <summary>A caller does not run the turns of others for longer.</summary>
    private const int _cyclesMax = 16;
    private const int _cyclesInARow = 1_024;

    /// <summary>Of a thread that leads after whatever it posts: nobody else is woken for it.</summary>
    [ThreadStatic]
    private static bool _leadsLater;

    private readonly ILedJournal _journal;
    private readonly TimeProvider _time;
    private readonly TimeSpan _unanswered;
    private readonly ConcurrentQueue<PartitionLoop> _ready = new();
    private readonly List<PartitionLoop> _cycle = [];
    private readonly List<LedAppend> _appends = [];
    private readonly ConcurrentDictionary<PartitionLoop, bool> _loops = new();
    private readonly AutoResetEvent _work = new(false);

    /// <summary>A flush ends either before callers are told that it hangs, or after all of them were.</summary>
    private readonly Lock _stalls = new();
    private readonly ITimer? _watch;
    private readonly Thread? _thread;
    private readonly EngineLane? _lane;
    private int _isWoken;
    private int _isLed;
    private long _flushBegunAt;
    private bool _hasStalled;
    private volatile bool _isStopping;

    public PartitionEngine(ILedJournal journal, TimeProvider time, PartitionOptions options)
        : this(journal, time, options, null)
    {
    }

    /// <param name="journal">Whose flushes are led.</param>
    /// <param name="time">Of the watch on flushes.</param>
    /// <param name="options">How long callers wait.</param>
    /// <param name="lane">Runs the cycles that no caller leads; null = a thread of its own.</param>
    internal PartitionEngine(ILedJournal journal, TimeProvider time, PartitionOptions options, EngineLane? lane)
    {
        (_journal, _time, _unanswered) = (journal, time, TimeSpan.FromMilliseconds(options.UnansweredMsMax));
        _lane = lane;
        if (lane is null)
        {
            // On a lane no time goes by in a flush.
            _watch = time.CreateTimer(
                static engine => ((PartitionEngine)engine!).LookForStall(), this, _lookEvery, _lookEvery);
            _thread = new Thread(Run) { Name = "grains engine", IsBackground = true };
            _thread.Start();
        }
    }

    /// <summary>
    /// From now on who posts something runs it. The event stays: a timer of a loop may be on its way to it.
    /// </summary>
    public void Dispose()
    {
        _isStopping = true;
        _work.Set();
        _thread?.Join(_stopMax);
        _watch?.Dispose();
    }

    internal void Add(PartitionLoop loop)
    {
        lock (_stalls)
        {
            _loops.TryAdd(loop, true);
            if (_hasStalled)
            {
                loop.BeginStall(Silent());
            }
        }
    }

    internal void Remove(PartitionLoop loop) => _loops.TryRemove(loop, out _);

    /// <summary>The calling thread leads one cycle after whatever it posts, as long as there is more.</summary>
    internal static void PromiseToLead() => _leadsLater = true;

    /// <summary>What the calling thread posts from now on wakes nobody.</summary>
    /// <returns>What <see cref="EndGathering"/> is to be given.</returns>
    internal static bool BeginGathering()
    {
        bool leadsLater = _leadsLater;
        _leadsLater = true;
        return leadsLater;
    }

    /// <summary>Leads one cycle for all that the calling thread posted meanwhile, or has somebody lead it.</summary>
    internal void EndGathering(bool leadsLater)
    {
        _leadsLater = leadsLater;
        if (leadsLater || _ready.IsEmpty)
        {
            return;
        }

        if (MayLeadHere() && !_isStopping)
        {
            Lead(null, 1);
        }
        else
        {
            Kick();
        }
    }

    /// <summary>Any thread: the loop is to have a turn. Whoever leads, or is led to, gives it one.</summary>
    internal void Ready(PartitionLoop loop)
    {
        if (loop.TryBecomeReady())
        {
            _ready.Enqueue(loop);
        }
    }

    /// <summary>
    /// Any thread: somebody is to lead, if something is ready; this one only when the engine's own is gone.
    /// </summary>
    internal void Kick()
    {
        if (_leadsLater)
        {
            return;
        }

        // What was made ready is seen by who gives up the lead, or the lead is seen to be free here.
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _isLed) != 0)
        {
            return;
        }

        if (_isStopping)
        {
            Lead(null, int.MaxValue);
        }
        else
        {
            Wake();
        }
    }

    /// <summary>
    /// Leads until the command is answered, unless somebody does, or it may wait inside its partition. Not on the
    /// scheduler of a grain: others' turns are not its business, and what begins in them would go on there.
    /// </summary>
    internal void LeadFor(Ticket ticket)
    {
        if (ticket.Command.WaitMs == 0 && MayLeadHere())
        {
            Lead(ticket, _cyclesMax);
        }
        else
        {
            Kick();
        }
    }

    /// <param name="own">It is enough when this is answered; null = when nothing is ready.</param>
    /// <param name="cyclesMax">It is enough after so many.</param>
    private void Lead(Ticket? own, int cyclesMax)
    {
        if (Interlocked.CompareExchange(ref _isLed, 1, 0) != 0)
        {
            return;
        }

        try
        {
            for (int cycles = 0; cycles < cyclesMax && !_ready.IsEmpty
                && own is not { IsAnswered: true }; cycles++)
            {
                RunCycle();
            }
        }
        finally
        {
            GiveUpLead();
        }
    }

    /// <summary>
    /// For a thread that leads after whatever it posts. What begins in the turns does not go on on its own scheduler.
    /// </summary>
    /// <returns>More is ready, and nobody was woken: the caller leads again, or wakes somebody.</returns>
    internal bool LeadOneCycle()
    {
        if (_ready.IsEmpty || Interlocked.CompareExchange(ref _isLed, 1, 0) != 0)
        {
            return false;
        }

        SynchronizationContext? own = SynchronizationContext.Current;
        SynchronizationContext.SetSynchronizationContext(null);
        try
        {
            RunCycle();
        }
        finally
        {
            Interlocked.Exchange(ref _isLed, 0);
            SynchronizationContext.SetSynchronizationContext(own);
        }

        return !_ready.IsEmpty;
    }

    /// <summary>Whoever made a loop ready and found somebody leading relies on this look.</summary>
    private void GiveUpLead()
    {
        Interlocked.Exchange(ref _isLed, 0);
        if (!_ready.IsEmpty)
        {
            Wake();
        }
    }

    private bool MayLeadHere() => _lane is { } lane
        ? lane.IsHere()
        : TaskScheduler.Current == TaskScheduler.Default && SynchronizationContext.Current is null;

    private void Wake()
    {
        if (_lane is null)
        {
            _work.Set();
        }
        else if (Interlocked.Exchange(ref _isWoken, 1) == 0)
        {
            _lane.Run(RunOnLane);
        }
    }

    private void RunOnLane()
    {
        // Before anything is looked at: what comes from now on wakes it again.
        Interlocked.Exchange(ref _isWoken, 0);
        Lead(null, _cyclesInARow);
    }

    private void Run()
    {
        while (!_isStopping)
        {
            _work.WaitOne();
            // Between two of these it is looked whether to stop.
            Lead(null, _cyclesInARow);
        }
    }

    private void RunCycle()
    {
        // Of a cycle that broke off nothing is left.
        _cycle.Clear();
        _appends.Clear();
        ServerMoment begun = ServerMoment.Now(_time);
        for (int left = _ready.Count; left > 0 && _ready.TryDequeue(out PartitionLoop? loop); left--)
        {
            if (loop.BeginTurn(begun) is { } append)
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
        try
        {
            _journal.Flush(_appends);
        }
        catch (Exception e)
        {
            _appends.ForEach(a => a.Outcome = new AppendOutcome(AppendStatus.Unknown, e.Message));
        }

        EndFlush();
        ServerMoment ended = ServerMoment.Now(_time);
        for (int i = 0; i < _cycle.Count; i++)
        {
            _cycle[i].EndTurn(_appends[i], ended);
        }
    }

    private string Silent() => $"The journal gave no verdict within {_unanswered}.";

    private void EndFlush()
    {
        lock (_stalls)
        {
            _flushBegunAt = 0;
            if (!_hasStalled)
            {
                return;
            }

            _hasStalled = false;
            foreach (PartitionLoop loop in _loops.Keys)
            {
                loop.EndStall();
            }
        }
    }

    /// <summary>
    /// While a flush takes longer than callers wait, they are told so; whoever leads it is where they cannot do it.
    /// </summary>
    private void LookForStall()
    {
        if (Volatile.Read(ref _flushBegunAt) == 0)
        {
            return;
        }

        lock (_stalls)
        {
            if (_flushBegunAt == 0 || _hasStalled || _time.GetElapsedTime(_flushBegunAt) < _unanswered)
            {
                return;
            }

            _hasStalled = true;
            foreach (PartitionLoop loop in _loops.Keys)
            {
                loop.BeginStall(Silent());
            }
        }
    }
}
