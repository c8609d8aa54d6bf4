using Grains.StateMachines.Nodes;
using Grains.StateMachines.Tables;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// When time alone makes something happen; and how the uptime gets on record where nothing else is written, so that a
/// crash makes what waits for the end of a duration late by a part of it only, and crashes do not add up.
/// </summary>
/// <param name="state">Of the partition.</param>
/// <param name="nodes">When messages expire.</param>
/// <param name="timers">When timers fire.</param>
/// <param name="memoryAtMs">When something ends that only memory knows, in uptime.</param>
internal sealed class Waits(PartitionState state, NodeRules nodes, TimerFiring timers, Func<long?> memoryAtMs)
{
    /// <summary>The uptime is on record every quarter of what is left of the first duration, within these bounds.</summary>
    private const long _noteMsMin = 15_000;
    private const long _noteMsMax = 3_600_000;
    private const int _notesPerDuration = 4;

    /// <summary>Where the clock stands when the first of what records hold is due; null = nothing waits for it.</summary>
    public long? NextOn(Timeline line)
    {
        long first = state.Due.TryFirstDurable(DueKey.FirstOf(line), out DueKey due, out _) && due.Line == line
            ? due.AtMs : long.MaxValue;
        first = Math.Min(first, timers.WakeAtMs(line) ?? long.MaxValue);
        if (line == Timeline.Uptime)
        {
            first = Math.Min(first, state.Expiries.TryFirstDurable(default, out ExpiryKey key, out _) ? key.AtMs : long.MaxValue);
            first = Math.Min(first, nodes.ExpiryAtMs ?? long.MaxValue);
        }

        return first == long.MaxValue ? null : first;
    }

    /// <summary>In uptime, were the wall clock not to step; null = never.</summary>
    public long? WakeAt(in Moment now)
    {
        long first = Math.Min(memoryAtMs() ?? long.MaxValue, NextOn(Timeline.Uptime) ?? long.MaxValue);
        first = Math.Min(first, Math.Min(NoteAtMs ?? long.MaxValue, timers.ReadAgainAtMs ?? long.MaxValue));
        if (NextOn(Timeline.Wall) is { } calendarMs)
        {
            first = Math.Min(first, now.UptimeMs + Math.Max(0, calendarMs - now.WallMs));
        }

        return first == long.MaxValue ? null : first;
    }

    public bool MustNote(in Moment now) => NoteAtMs <= now.UptimeMs;

    /// <summary>A change without effects: that there is a record says it all.</summary>
    public void StageNote(Draft draft)
    {
        draft.Open();
        draft.Close();
    }

    /// <summary>What ends earlier is recorded when it ends.</summary>
    private long? NoteAtMs
    {
        get
        {
            long notedMs = state.DurableTotals.UptimeMs;
            if (NextOn(Timeline.Uptime) is not { } firstMs)
            {
                return null;
            }

            long atMs = notedMs + Math.Clamp((firstMs - notedMs) / _notesPerDuration, _noteMsMin, _noteMsMax);
            return atMs < firstMs ? atMs : null;
        }
    }
}
