using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Timers;

namespace Grains.Silo.Loops;

/// <summary>
/// What people are told of a loop, in gauges and in the log: now and then, because counting is not free.
/// </summary>
/// <remarks>Observed in the loop's turns, read on any thread.</remarks>
internal sealed partial class LoopFigures
{
    private const long _observeMs = 1_000;

    /// <summary>Of one observation: the gauge counts the rest.</summary>
    private const int _troublesLoggedMax = 10;

    /// <summary>Record time that is further ahead of the wall clock is worth a line in the log.</summary>
    private const long _aheadMsMax = 1_000;

    private readonly OwnedPartition _owned;
    private readonly PartitionRuntime _runtime;
    private MachineStatistics _last;
    private long _observedAtMs;
    private long _recordMs;
    private bool _isAhead;

    public LoopFigures(OwnedPartition owned, PartitionRuntime runtime)
    {
        _owned = owned;
        _runtime = runtime;
        _last = owned.Machine.Statistics;
        _recordMs = owned.Machine.LastRecordTimeMs;
        TellIfAhead();
    }

    /// <summary>About a second old at the most while commands come.</summary>
    public MachineStatistics Last => Volatile.Read(ref _last);

    /// <summary>By how much the record time is ahead of this server's wall clock, as that is now.</summary>
    public long AheadMs =>
        Math.Max(0, Volatile.Read(ref _recordMs) - _runtime.Time.GetUtcNow().ToUnixTimeMilliseconds());

    public void Observe(in Moment now)
    {
        if (now.UptimeMs - _observedAtMs < _observeMs)
        {
            return;
        }

        MachineStatistics statistics = _owned.Machine.Statistics;
        _expired.Add(statistics.Expired - _last.Expired);
        _observedAtMs = now.UptimeMs;
        Volatile.Write(ref _recordMs, _owned.Machine.LastRecordTimeMs);
        Volatile.Write(ref _last, statistics);
        TellIfAhead();
        foreach (TimerTrouble trouble in _owned.Machine.TakeTimerTroubles().Take(_troublesLoggedMax))
        {
            LogTimer(Log, _owned.Id, trouble.Service, trouble.Node, trouble.Timer, trouble.Why);
        }
    }

    private void TellIfAhead()
    {
        long aheadMs = AheadMs;
        if (aheadMs > _aheadMsMax && !_isAhead)
        {
            LogAhead(Log, _owned.Id, aheadMs / 1000.0);
        }

        _isAhead = aheadMs > _aheadMsMax;
    }
}
