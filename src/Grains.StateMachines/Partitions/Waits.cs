using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// When time alone makes something happen; and how the uptime gets on record where nothing else is written, so that a
/// crash makes what waits for the end of a duration late by a part of it only, and crashes do not add up.
/// </summary>
internal sealed class Waits(PartitionState state, Nouns nouns)
{
    /// <summary>
    /// The uptime is on record every quarter of what is left of the first duration, within these bounds.
    /// </summary>
    private const long _noteMsMin = 15_000;
    private const long _noteMsMax = 3_600_000;
    private const int _notesPerDuration = 4;

    /// <summary>In uptime, were the wall clock not to step; null = never.</summary>
    public long? WakeAt(in Moment now, out bool followsWallClock)
    {
        long? nextMs = nouns.NextOn(Timeline.Uptime);
        long first = Math.Min(nouns.WakeAtMs ?? long.MaxValue, nextMs ?? long.MaxValue);
        first = Math.Min(first, NoteAt(nextMs) ?? long.MaxValue);
        long? calendar = nouns.NextOn(Timeline.Wall);
        followsWallClock = calendar is not null;
        if (calendar is { } calendarMs)
        {
            first = Math.Min(first, now.UptimeMs + Math.Max(0, calendarMs - now.WallMs));
        }

        return first == long.MaxValue ? null : first;
    }

    public bool MustNote(in Moment now) => NoteAt(nouns.NextOn(Timeline.Uptime)) <= now.UptimeMs;

    /// <summary>A change without effects: that there is a record says it all.</summary>
    public void StageNote(Draft draft)
    {
        draft.Open();
        draft.Close();
    }

    /// <summary>What ends earlier is recorded when it ends.</summary>
    /// <param name="nextMs">Where the uptime stands when the first duration ends; null = nothing waits for one.</param>
    private long? NoteAt(long? nextMs)
    {
        if (nextMs is not { } firstMs)
        {
            return null;
        }

        long notedMs = state.DurableTotals.UptimeMs;
        long atMs = notedMs + Math.Clamp((firstMs - notedMs) / _notesPerDuration, _noteMsMin, _noteMsMax);
        return atMs < firstMs ? atMs : null;
    }
}
