namespace Grains.Simulation.Tests.World;

/// <summary>
/// One thread, one clock, one source of chance: whatever is ready runs in an order that the seed draws, and when
/// nothing is ready the clock goes to the next timer. The trace of a run is a number: equal seeds, equal numbers.
/// </summary>
internal sealed class Kernel(int seed)
{
    private const long _stepTicks = TimeSpan.TicksPerMicrosecond;
    private readonly List<(Lane Lane, Action Run)> _ready = [];
    private readonly PriorityQueue<(Lane Lane, Action Run), (long At, long Number)> _timers = new();
    private long _timersSet;
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private int _lanes;
    private volatile string? _stray;

    public Random Random { get; } = new(seed);

    /// <summary>
    /// Ticks of 100 ns since the run began. Every step takes a microsecond, so that no two are at one time.
    /// </summary>
    public long NowTicks { get; private set; }

    public long NowNs => NowTicks * TimeSpan.NanosecondsPerTick;

    public long Steps { get; private set; }

    public ulong Trace { get; private set; } = 14695981039346656037;

    public Lane NewLane(string name) => new(this, name, _lanes++);

    public void Ready(Lane lane, Action run)
    {
        if (Environment.CurrentManagedThreadId != _thread)
        {
            // The order of what follows would hang on more than the seed.
            _stray ??= Environment.StackTrace;
            return;
        }

        _ready.Add((lane, run));
    }

    public void At(Lane lane, long ticks, Action run) => _timers.Enqueue((lane, run), (ticks, _timersSet++));

    public void After(Lane lane, long ms, Action run) => At(lane, NowTicks + (ms * TimeSpan.TicksPerMillisecond), run);

    /// <summary>Makes a fact of the run part of its trace.</summary>
    public void Note(string what)
    {
        foreach (char c in what)
        {
            Mix(c);
        }
    }

    public void RunUntil(Func<bool> isOver, long stepsMax)
    {
        SynchronizationContext? outside = SynchronizationContext.Current;
        try
        {
            while (!isOver())
            {
                Step();
                if (Steps > stepsMax)
                {
                    throw new TimeoutException(
                        $"The run goes on after {Steps} steps, at {TimeSpan.FromTicks(NowTicks)}.");
                }
            }
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outside);
        }
    }

    private void Step()
    {
        if (_stray is { } stray)
        {
            throw new InvalidOperationException($"Something left the one thread of the run:\n{stray}");
        }

        Steps++;
        NowTicks += _stepTicks;
        if (_ready.Count == 0 && _timers.TryPeek(out _, out (long At, long Number) next) && next.At > NowTicks)
        {
            NowTicks = next.At;
        }

        while (_timers.TryPeek(out (Lane Lane, Action Run) due, out (long At, long Number) at) && at.At <= NowTicks)
        {
            _timers.Dequeue();
            _ready.Add(due);
        }

        if (_ready.Count == 0)
        {
            throw new InvalidOperationException(
                "Nothing is ready and nothing is due: everything waits for something that will not come.");
        }

        int chosen = Random.Next(_ready.Count);
        (Lane lane, Action run) = _ready[chosen];
        _ready[chosen] = _ready[^1];
        _ready.RemoveAt(_ready.Count - 1);
        if (lane.Takes(run))
        {
            Mix((ulong)NowTicks);
            Mix((ulong)lane.Number);
            SynchronizationContext.SetSynchronizationContext(lane);
            run();
        }
    }

    private void Mix(ulong value) => Trace = (Trace ^ value) * 1099511628211;
}
