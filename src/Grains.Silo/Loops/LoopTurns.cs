using Grains.Journal;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// The two halves of a loop's turns: what waits is decided; once that is durable, or the ownership confirmed, it is
/// applied and answered. Whoever runs them makes it durable in between.
/// </summary>
/// <remarks>One half at a time.</remarks>
internal sealed partial class LoopTurns : IDisposable
{
    /// <summary>
    /// After a turn that did nothing the machine is not asked again for this long: no spin on a wrong wake.
    /// </summary>
    private const long _quietMs = 5;

    /// <summary>
    /// While something waits for a calendar time: the wall clock may step, or go on without the monotonic one.
    /// </summary>
    private const long _wallClockMsMax = 1_000;

    private readonly OwnedPartition _owned;
    private readonly PartitionRuntime _runtime;
    private readonly CommandQueue _queue;
    private readonly OutboxPump _pump;
    private readonly CheckpointWriter _checkpoints;
    private readonly LoopBudget _budget;
    private readonly ITimer _timer;
    private long _quietUntilMs;
    private long _stalledAt;
    private long _timerAtMs = long.MaxValue;

    /// <param name="owned">Whose turns.</param>
    /// <param name="runtime">The way out.</param>
    /// <param name="queue">What waits.</param>
    /// <param name="seals">Of delivery ids.</param>
    /// <param name="post">For the loop's own commands.</param>
    public LoopTurns(
        OwnedPartition owned, PartitionRuntime runtime, CommandQueue queue, DeliverySeals seals, Action<Ticket> post)
    {
        (_owned, _runtime, _queue) = (owned, runtime, queue);
        Journal = new LoopJournal(owned, runtime, Stall);
        Tickets = new LoopTickets(owned.Machine, queue, seals, runtime.Options);
        Figures = new LoopFigures(owned, runtime);
        _budget = new LoopBudget(runtime, owned.Machine.StateBytes);
        _pump = new OutboxPump(owned.Id, runtime, post, queue.Wake);
        _checkpoints = new CheckpointWriter(owned, runtime, queue.Wake);
        _timer = runtime.Time.CreateTimer(
            static turns => ((LoopTurns)turns!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public LoopJournal Journal { get; }

    public LoopTickets Tickets { get; }

    public LoopFigures Figures { get; }

    public TimeSpan OutboxLag => _pump.Lag;

    public TimeSpan LongestStall => _checkpoints.LongestStall;

    public Revision LastCheckpoint => _checkpoints.Last;

    /// <summary>What the batch came to; changes of it are to be made durable.</summary>
    public Decision Decided { get; private set; }

    public Moment DecidedAt { get; private set; }

    /// <summary>It changes something, and whether that is durable is not known.</summary>
    public bool IsUndecided { get; private set; }

    /// <summary>
    /// Any thread: the journal has been silent for longer than callers wait; why, for them. Null = it answers.
    /// </summary>
    public string? StallReason
    {
        get => Volatile.Read(ref field);
        private set => Volatile.Write(ref field, value);
    }

    public void Dispose()
    {
        _pump.Dispose();
        _checkpoints.Dispose();
        _timer.Dispose();
        _budget.Settle(0);
    }

    /// <summary>What goes on beside the batches; an answer ends the loop.</summary>
    public LoopEnd? Step(in Moment now)
    {
        if (!_checkpoints.Step(Journal.Tail, now.UptimeMs))
        {
            return new LoopEnd(LoopEndReason.Fenced, "A checkpoint was refused under this epoch.");
        }

        _pump.Step(_owned.Machine, now);
        return null;
    }

    /// <summary>
    /// It may end a moment before the clock says so: what it was set for is looked at, and set again.
    /// </summary>
    private void OnTimer()
    {
        Volatile.Write(ref _timerAtMs, long.MaxValue);
        _queue.Wake();
    }

    /// <summary>
    /// Something is to be decided; where nothing is, the timer is set for when time demands it. One that is set for
    /// earlier stays: to be woken in vain costs less.
    /// </summary>
    public bool IsDueElseSetTimer(in Moment now)
    {
        if (Tickets.Batch.Count > 0)
        {
            return true;
        }

        long wakeAtMs = Math.Max(
            _owned.Machine.WakeAt(now, out bool followsWallClock) ?? long.MaxValue, _quietUntilMs);
        if (wakeAtMs <= now.UptimeMs)
        {
            return true;
        }

        if (followsWallClock)
        {
            wakeAtMs = Math.Min(wakeAtMs, now.UptimeMs + _wallClockMsMax);
        }

        wakeAtMs = Math.Min(wakeAtMs, _pump.WakeAtMs ?? long.MaxValue);
        wakeAtMs = Math.Min(wakeAtMs, _checkpoints.WakeAtMs ?? long.MaxValue);
        if (wakeAtMs < Volatile.Read(ref _timerAtMs))
        {
            Volatile.Write(ref _timerAtMs, wakeAtMs);
            long waitMs = Math.Clamp(wakeAtMs - now.UptimeMs, 1, (long)TimeSpan.FromDays(1).TotalMilliseconds);
            _timer.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
        }

        return false;
    }

    /// <summary>The first half of a turn. False: there is no memory for it, and the callers are told.</summary>
    public bool TryDecide(in Moment now)
    {
        if (_budget.TryReserve(_owned.Machine, Tickets.Batch) is not { } room)
        {
            _quietUntilMs = now.UptimeMs + _runtime.Options.RepeatPauseMsMax;
            _budget.Settle(_owned.Machine.StateBytes);
            Tickets.Answer([.. Tickets.Batch.Select(r => new Reply(r.Ticket, LoopBudget.NoMemory))]);
            return false;
        }

        DecidedAt = now;
        Decided = _owned.Machine.Decide(Tickets.Batch, now, room);
        IsUndecided = Decided.Changes > 0;
        return true;
    }

    /// <summary>Nothing was written; but refusals too are answers, and need the ownership.</summary>
    public string Refused(AppendOutcome outcome)
    {
        IsUndecided = false;
        string refusal = outcome.Reason ?? "the journal refused the record.";
        LogRefused(Log, _owned.Id, Journal.Tail.Revision, refusal);
        return refusal;
    }

    /// <summary>
    /// The second half of a turn: what is durable is applied, then answered. An answer ends the loop.
    /// </summary>
    public LoopEnd? Conclude(AppendOutcome outcome, string? refusal)
    {
        if (outcome.Status != AppendStatus.Durable)
        {
            return outcome.Status == AppendStatus.Fenced
                ? new LoopEnd(LoopEndReason.Fenced, outcome.Reason ?? "A newer epoch was acquired.")
                : new LoopEnd(LoopEndReason.Undecided, outcome.Reason ?? "The journal gave no verdict in time.");
        }

        Resume();
        Tickets.ForgetGone();
        if (IsUndecided)
        {
            _checkpoints.Appended(Decided.Record.Length);
        }

        IReadOnlyList<Reply> replies = refusal is null ? _owned.Machine.Commit() : _owned.Machine.Drop(refusal);
        Check();
        Figures.Observe(DecidedAt);

        // What time demands is still due after a refusal, and a full disk is not full for a moment only.
        bool didNothing = Tickets.Batch.Count == 0 && Decided.Changes == 0 && replies.Count == 0;
        _quietUntilMs = refusal is not null ? DecidedAt.UptimeMs + _runtime.Options.RepeatPauseMsMax
            : didNothing ? DecidedAt.UptimeMs + _quietMs : 0;
        _budget.Settle(_owned.Machine.StateBytes);
        Tickets.Answer(replies);
        IsUndecided = false;
        return null;
    }

    public LoopEnd ConcludeLast(AppendOutcome outcome)
    {
        if (outcome.Status != AppendStatus.Durable)
        {
            return new LoopEnd(LoopEndReason.Stopped, $"It was given up, but its leases end with it: {outcome.Reason}");
        }

        _owned.Machine.CommitHandOver();
        Check();
        return new LoopEnd(LoopEndReason.HandedOver, "It was given up in good order.");
    }

    /// <summary>
    /// The journal is silent for longer than callers wait. Each is told whether what it asked may have happened; the
    /// batch stays undecided, and the memory stays.
    /// </summary>
    public void Stall(string reason)
    {
        string why = $"The journal of partition {_owned.Id} does not answer: {reason}";
        LogStalled(Log, _owned.Id, _owned.Epoch, reason);
        _stalledAt = _runtime.Time.GetTimestamp();
        StallReason = why;
        Tickets.Stall(IsUndecided, why);
    }

    public void Resume()
    {
        if (StallReason is not null)
        {
            StallReason = null;
            LogResumed(
                Log, _owned.Id, _owned.Epoch, _runtime.Time.GetElapsedTime(_stalledAt).TotalMilliseconds);
        }
    }

    /// <summary>The other half of a pair: the machine and the journal agree on what is durable.</summary>
    private void Check()
    {
        if (_owned.Machine.Revision != Journal.Tail.Revision)
        {
            throw new InvalidOperationException(
                $"Partition {_owned.Id} stands at {_owned.Machine.Revision} in memory and at {Journal.Tail.Revision} "
                + "in its journal.");
        }
    }
}
