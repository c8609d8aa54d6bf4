namespace Grains.Simulation.Tests.World;

/// <summary>
/// The clock of one simulated process: its wall clock may be wrong and may jump, its monotonic clock is right.
/// </summary>
internal sealed class VirtualTime(Kernel kernel, Lane lane) : TimeProvider
{
    private const int _momentMs = 100;

    private long _stoodAt = kernel.NowTicks;

    private static readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How far the wall clock is off.</summary>
    public long OffsetMs { get; set; }

    /// <summary>What is shown of a wall clock: the clock, unless something is planted.</summary>
    public Func<DateTimeOffset, DateTimeOffset> Shown { get; init; } = wall => wall;

    /// <summary>Planted: leases are measured with the wall clock.</summary>
    public bool IsMonotonicClockWrong { get; init; }

    /// <summary>Planted: for who looks at it, time stands while the wall clock is behind.</summary>
    public bool StandsWhileBehind { get; init; }

    /// <summary>Planted: timers of more than a moment come this much later.</summary>
    public long TimersLateMs { get; init; }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => Shown(_start.AddTicks(kernel.NowTicks).AddMilliseconds(OffsetMs));

    public override long GetTimestamp() => StandsWhileBehind && OffsetMs < 0 ? _stoodAt : _stoodAt =
        kernel.NowTicks + (IsMonotonicClockWrong ? OffsetMs * TimeSpan.TicksPerMillisecond : 0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new VirtualTimer(kernel, lane, () => callback(state), TimersLateMs);
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class VirtualTimer(Kernel kernel, Lane lane, Action fire, long lateMs) : ITimer
    {
        private long _set;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            if (period != Timeout.InfiniteTimeSpan)
            {
                throw new NotSupportedException("Nothing here repeats by itself.");
            }

            long set = ++_set;
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                long lateTicks = dueTime.TotalMilliseconds > _momentMs ? lateMs * TimeSpan.TicksPerMillisecond : 0;
                kernel.At(lane, kernel.NowTicks + dueTime.Ticks + lateTicks, () =>
                {
                    if (set == _set)
                    {
                        fire();
                    }
                });
            }

            return true;
        }

        public void Dispose() => _set++;

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
