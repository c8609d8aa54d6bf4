using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Timers;

/// <summary>
/// Decides when timers fire. One that fires once always does, late if need be; times of a recurring one that were
/// missed are one. None fires in a partition that is over its budget: each keeps its time, and fires when there is
/// room.
/// </summary>
internal sealed class TimerFiring(TimerTables tables, ILeases leases, TimerSchedule schedule)
{
    /// <summary>
    /// A wall clock that was set back by more is believed: recurring timers fire at its times, even if times of that
    /// name have been. By less, they wait until it has caught up, so that none fires twice for a time.
    /// </summary>
    private const long _stepBackMsMin = 10_000;

    /// <summary>A timer that this server cannot read is tried again so much later.</summary>
    private const long _againMs = 60_000;

    /// <summary>A timer for which the process has no room looks again so much later.</summary>
    private const long _lookAgainMs = 1_000;

    /// <summary>Timers that could not be read since <see cref="_readAgainAtMs"/> was set.</summary>
    private readonly HashSet<TimerDueKey> _unreadable = [];
    private readonly HashSet<NodeTimerKey> _told = [];
    private readonly List<TimerTrouble> _news = [];
    private long _readAgainAtMs;

    /// <summary>The wall clock when timers were last decided on.</summary>
    private long _wallMs;

    /// <summary>From here on the next times are to be looked at again; null = they are right.</summary>
    private TimerDueKey? _recheckFrom;
    private bool _moved;

    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    /// <summary>A restored copy waits for a person: times that come meanwhile are one.</summary>
    public bool IsPaused { get; set; }

    /// <summary>Some next times are still to be looked at.</summary>
    public bool HasWork => _recheckFrom is not null;

    public int UnreadableCount => _unreadable.Count;

    /// <summary>Their time has come, and there is no room for what they send; counted up to a bound.</summary>
    public int WaitingForRoomCount =>
        !IsOverBudget ? 0 : Lines.Sum(l => DueNow(l, State.Now).Take(Limits.SweepMax).Count());

    private static Timeline[] Lines { get; } = [Timeline.Wall, Timeline.Uptime];

    private bool IsOverBudget => State.IsFull;

    /// <summary>When the first fires on that clock; null = none does.</summary>
    public long? WakeAtMs(Timeline line)
    {
        if (IsPaused || State.DurableTotals.Bytes > Limits.PartitionBytesMax)
        {
            return null;
        }

        if (!tables.TimersDue.TryFirstDurable(TimerDueKey.FirstOf(line), out TimerDueKey first, out _))
        {
            return null;
        }

        if (_unreadable.Contains(first))
        {
            first = FirstReadable(first);
        }

        if (first.AtMs <= 0 || first.Line != line)
        {
            return null;
        }

        // Nobody says when the process has room again.
        long nowMs = line == Timeline.Wall ? State.Now.WallMs : State.Now.UptimeMs;
        return State.Room.GrowthBytes > 0 ? first.AtMs : Math.Max(first.AtMs, nowMs + _lookAgainMs);
    }

    /// <summary>The first from there on that can be read, or one of the next clock.</summary>
    private TimerDueKey FirstReadable(TimerDueKey from) => tables.TimersDue.From(from).Select(e => e.Key)
        .FirstOrDefault(k => k.Line != from.Line || !_unreadable.Contains(k));

    /// <summary>When those that could not be read are tried again, in uptime; null = all can.</summary>
    public long? ReadAgainAtMs => _unreadable.Count > 0 ? _readAgainAtMs : null;

    /// <summary>The owner before may have had another clock.</summary>
    public void Begin()
    {
        _recheckFrom = tables.TimersDue.TryFirstDurable(default, out TimerDueKey first, out _)
            && first.Line == Timeline.Wall
            ? TimerDueKey.FirstOf(Timeline.Wall) : null;
    }

    /// <summary>The wall clock was set back since timers were last decided on, and some wait for it.</summary>
    public bool HasSteppedBack(in Moment now) => Math.Max(0, now.WallMs) + _stepBackMsMin < _wallMs
        && tables.TimersDue.TryFirstDurable(default, out TimerDueKey first, out _) && first.Line == Timeline.Wall;

    /// <summary>What time demands; a bounded number.</summary>
    public void Fire(Draft draft)
    {
        Recheck(draft);
        if (_unreadable.Count > 0 && draft.NowMs >= _readAgainAtMs)
        {
            _unreadable.Clear();
        }

        foreach (Timeline line in Lines)
        {
            if (!tables.TimersDue.TryFirstDurable(TimerDueKey.FirstOf(line), out TimerDueKey first, out _)
                || first.Line != line || !first.Due.IsOver(draft.Now))
            {
                continue;
            }

            foreach (TimerEntry timer in DueNow(line, draft.Now).Take(Limits.SweepMax).ToArray())
            {
                if (draft.IsFull || IsPaused || IsOverBudget)
                {
                    return;
                }

                Fire(timer, draft);
            }
        }
    }

    /// <summary>The batch never was.</summary>
    public void Drop()
    {
        if (_moved)
        {
            _recheckFrom = TimerDueKey.FirstOf(Timeline.Wall);
        }
    }

    /// <summary>What is to be logged: each timer once, until it can be read again.</summary>
    public TimerTrouble[] TakeNews()
    {
        TimerTrouble[] news = [.. _news];
        _news.Clear();
        return news;
    }

    /// <summary>
    /// Why the timer does not fire, though its time has come, or would not if it did; null = it will.
    /// </summary>
    public string? TroubleOf(TimerEntry timer) =>
        timer.IsHeld ? $"Its time came at {Time(timer)}, while message r{timer.Last.Revision}.{timer.Last.Ordinal} of "
            + "its last firing "
            + "was waiting or out; it fires when that is over."
        : timer.Cron is { } cron && schedule(cron, timer.Zone, State.Now.WallMs) == TimerTimes.NotKnown
            ? $"The partition's server cannot read '{cron}' in zone '{timer.Zone ?? "UTC"}': it has no rules of that "
                + "zone. "
                + "Install or update its tzdata and restart it, or set the timer anew; it fires when it can."
        : IsOverBudget && timer.Due.IsOver(State.Now)
            ? $"Its time came at {Time(timer)}, and the partition is over its budget; it fires when there is room."
        : null;

    private string Time(TimerEntry timer) =>
        DateTimeOffset.FromUnixTimeMilliseconds(timer.Due.OnWall(State.Now)).UtcDateTime.ToString(
            "yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture);

    private IEnumerable<TimerEntry> DueNow(Timeline line, Moment now) =>
        tables.TimersDue.From(TimerDueKey.FirstOf(line))
        .TakeWhile(e => e.Key.Line == line && e.Key.Due.IsOver(now))
        .Where(e => !_unreadable.Contains(e.Key))
        .Select(e => e.Value);

    private void Fire(TimerEntry timer, Draft draft)
    {
        bool waits = tables.Mail.Messages.Get(timer.Last) is { Dead: false };
        long next = timer.Cron is null ? TimerTimes.Never : schedule(timer.Cron, timer.Zone, draft.WallMs);
        if (next == TimerTimes.NotKnown)
        {
            PutOff(timer, draft);
            return;
        }

        _told.Remove(timer.Key);
        draft.Open();
        draft.Emit(timer.Cron is not null || !waits
            ? new TimerFired(timer.Owner, timer.Key.Name, draft.NextOrdinal(), next, Skipped: waits)
            : new TimerHeld(timer.Owner, timer.Key.Name));
        draft.Close();
        leases.Touch(timer.Owner);
    }

    /// <summary>In memory only: another owner may be able to, and its time stays what it was.</summary>
    private void PutOff(TimerEntry timer, Draft draft)
    {
        _readAgainAtMs = _unreadable.Count == 0 ? draft.NowMs + _againMs : _readAgainAtMs;
        _unreadable.Add(timer.DueKey);
        if (_news.Count < Limits.SweepMax && _told.Add(timer.Key))
        {
            _news.Add(new TimerTrouble(
                new ServiceId(timer.Owner.Scope), timer.Owner.Name, timer.Key.Name,
                TroubleOf(timer) ?? "It cannot be read."));
        }
    }

    /// <summary>
    /// After the wall clock was set back, and after another server's, which may have been ahead: a recurring timer's
    /// next time is the first one after now. A bounded number.
    /// </summary>
    private void Recheck(Draft draft)
    {
        _moved = false;
        _recheckFrom = draft.WallMs + _stepBackMsMin < _wallMs ? TimerDueKey.FirstOf(Timeline.Wall) : _recheckFrom;
        _wallMs = draft.WallMs;
        if (_recheckFrom is not { } from)
        {
            return;
        }

        TimerEntry[] some = [.. tables.TimersDue.From(from)
            .TakeWhile(e => e.Key.Line == Timeline.Wall).Take(Limits.SweepMax).Select(e => e.Value)];
        foreach (TimerEntry timer in some)
        {
            if (draft.IsFull)
            {
                return;
            }

            _recheckFrom = timer.DueKey;
            Recheck(timer, draft);
        }

        _recheckFrom = some.Length < Limits.SweepMax ? null : some[^1].DueKey;
    }

    private void Recheck(TimerEntry timer, Draft draft)
    {
        if (timer.Cron is not { } cron
            || schedule(cron, timer.Zone, draft.WallMs + _stepBackMsMin) is not (> 0 and var soon)
            || soon >= timer.Due.AtMs)
        {
            return;
        }

        draft.Open();
        draft.Emit(new TimerMoved(timer.Owner, timer.Key.Name, schedule(cron, timer.Zone, draft.WallMs)));
        draft.Close();
        _moved = true;
    }
}
