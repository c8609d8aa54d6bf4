using Grains.Journal;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Partitions;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

/// <summary>
/// The life of one owned partition. Takes everything waiting as a batch, lets the machine decide it, makes the record
/// durable or the ownership confirmed, and only then applies and answers. At most one batch is undecided.
/// </summary>
/// <remarks>
/// <para>Runs on the scheduler that <see cref="Start"/> was called on, one turn after another; only the encoding of
/// checkpoints leaves it. Posting is for any thread.</para>
/// <para>It ends once, and never serves again: what follows is a new recovery. Every ticket that it took is answered,
/// at the latest with <see cref="NotOwner"/> when it ends.</para>
/// </remarks>
public sealed partial class PartitionLoop
{
    /// <summary>After a turn that did nothing the machine is not asked again for this long: no spin on a wrong wake.</summary>
    private const long _quietMs = 5;

    /// <summary>While something waits for a calendar time: the wall clock may step, or go on without the monotonic one.</summary>
    private const long _wallClockMsMax = 1_000;

    private readonly OwnedPartition _owned;
    private readonly PartitionRuntime _runtime;
    private readonly CommandQueue _queue;
    private readonly OutboxPump _pump;
    private readonly CheckpointWriter _checkpoints;
    private readonly LoopReads _reads;
    private readonly LoopFigures _figures;
    private readonly ITimer _timer;
    private readonly DeliverySeals _seals;
    private readonly List<Request> _batch = [];
    private readonly HashSet<Ticket> _parked = [];
    private readonly TaskCompletionSource<LoopEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly LoopJournal _journal;
    private readonly LoopBudget _budget;
    private long _quietUntilMs;
    private bool _isUndecided;
    private long _stalledAt;
    private TaskScheduler _scheduler = TaskScheduler.Default;
    private volatile bool _isStopping;
    private volatile bool _isHandingOver;

    /// <summary>The journal has been silent for longer than callers wait; why, for them. Null = it answers.</summary>
    private volatile string? _stall;

    public PartitionLoop(OwnedPartition owned, PartitionRuntime runtime)
    {
        _owned = owned;
        _runtime = runtime;
        _journal = new LoopJournal(owned, runtime, Stall);
        _reads = new LoopReads(owned, runtime.Journal, () => _isStopping || _completion.Task.IsCompleted);
        _figures = new LoopFigures(owned, runtime);
        _queue = new CommandQueue(runtime.Options.QueuedCommandsMax, runtime.Options.QueuedBytesMax, runtime.Queues);
        _seals = new DeliverySeals(runtime.DeliverySecret);
        _budget = new LoopBudget(runtime, owned.Machine.StateBytes);
        _pump = new OutboxPump(owned.Id, runtime, Post, _queue.Wake);
        _checkpoints = new CheckpointWriter(owned, runtime, _queue.Wake);
        _timer = runtime.Time.CreateTimer(
            static queue => ((CommandQueue)queue!).Wake(), _queue, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public PartitionId Id => _owned.Id;

    public Epoch Epoch => _owned.Epoch;

    public RecoveryTimes RecoveryTimes => _owned.Times;

    public int QueueDepth => _queue.Count;

    /// <summary>About a second old at the most while commands come.</summary>
    internal LoopFigures Figures => _figures;

    internal TimeSpan OutboxLag => _pump.Lag;

    /// <summary>Ends when the loop has: every ticket is answered, the memory is of no use.</summary>
    public Task<LoopEnd> Completion => _completion.Task;

    /// <summary>In the loop's own scheduler only.</summary>
    internal PartitionMachine Machine => _owned.Machine;

    /// <summary>Any thread: at which level the last record is written.</summary>
    internal int FormatLevel
    {
        set => _owned.Machine.FormatLevel = value;
    }

    /// <summary>Any thread: no timer fires while it is so; those whose time came meanwhile fire once, after it.</summary>
    internal bool IsPaused
    {
        set
        {
            _owned.Machine.IsPaused = value;
            _queue.Wake();
        }
    }

    /// <summary>Any thread: for how long the journal owes it a verdict; zero = it owes none.</summary>
    internal TimeSpan Silence => _journal.Silence;

    /// <summary>Any thread: for how long the journal has given no verdict, asked or not.</summary>
    internal TimeSpan SinceAnswer => _journal.SinceAnswer;

    internal TimeSpan LongestStall => _checkpoints.LongestStall;

    internal Revision LastCheckpoint => _checkpoints.Last;

    public void Start()
    {
        _scheduler = SynchronizationContext.Current is null
            ? TaskScheduler.Current : TaskScheduler.FromCurrentSynchronizationContext();
        _ = RunAsync();
    }

    /// <summary>Finishes the batch in flight, then ends; what still waits is told that nothing was done.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        _queue.Wake();
        return _completion.Task;
    }

    /// <summary>
    /// As <see cref="StopAsync"/>, but the last record says what is leased, so that the next owner honours it. Returns when
    /// that record is durable, or cannot be made so within the time that callers wait.
    /// </summary>
    public async Task<LoopEnd> HandOverAsync()
    {
        _isHandingOver = true;
        _isStopping = true;
        _queue.Wake();
        return await _completion.Task;
    }

    /// <summary>
    /// As <see cref="StopAsync"/>, but what the journal has not decided by now stays undecided: callers are told so, and
    /// the next owner finds out.
    /// </summary>
    public Task<LoopEnd> AbandonAsync()
    {
        _isStopping = true;
        _journal.Abandon();
        _queue.Wake();
        return _completion.Task;
    }

    /// <summary>Any thread. The ticket is answered, now if the queue is full or closed.</summary>
    public void Post(Ticket ticket)
    {
        if (ticket.Command is { Consistency.Level: not ConsistencyLevel.Linearizable, IsRead: true })
        {
            _ = _reads.AnswerFromThePastAsync(ticket, _scheduler);
            return;
        }

        if (_stall is { } why && IsFromCaller(ticket))
        {
            ticket.Complete(new NotOwner(MayHaveHappened: false, why));
            return;
        }

        if ((_seals.Refuse(ticket.Command) ?? (ticket.Command is GetKey get ? _reads.TryAtOnce(get) : null)) is { } answer)
        {
            Count(answer);
            ticket.Complete(answer);
            return;
        }

        switch (_queue.Post(ticket))
        {
            case QueueVerdict.Full:
                _refusals.Add(1, _overloaded);
                ticket.Complete(new Refused(Refusal.Overloaded,
                    $"Partition {Id} has as many commands waiting as it may; repeat in a moment.") { RetryAfterMs = 100 });
                break;
            case QueueVerdict.Closed:
                ticket.Complete(new NotOwner(MayHaveHappened: false, "This server has just given the partition up."));
                break;
            case QueueVerdict.Taken when _stall is { } since && IsFromCaller(ticket):
                // It came in between: those that waited had been told already when it was queued.
                Array.ForEach(
                    _queue.TakeAll(t => t == ticket), t => t.Complete(new NotOwner(MayHaveHappened: false, since)));
                break;
        }
    }

    /// <summary>Any thread. The caller of a ticket has gone: a waiting receive is not to be given anything.</summary>
    public void Forget(Ticket ticket) => _queue.Forget(ticket);

    /// <summary>Any thread. Executes one command; <see cref="NotOwner"/> if the loop ends first.</summary>
    public Task<Answer> ExecuteAsync(Command command, CancellationToken cancel)
    {
        var ticket = new TaskTicket(command);
        Post(ticket);
        return cancel.CanBeCanceled ? ticket.WhileWantedAsync(Forget, cancel) : ticket.Task;
    }

    private static void Count(Answer answer)
    {
        _commands.Add(1);
        if (answer is Refused refused)
        {
            _refusals.Add(1, new KeyValuePair<string, object?>("code", refused.Code));
        }
    }

    private async Task RunAsync()
    {
        LoopEnd end = new(LoopEndReason.Stopped, "It was asked to stop.");
        try
        {
            while (!_isStopping)
            {
                if (await TurnAsync() is { } ended)
                {
                    end = ended;
                    break;
                }
            }

            if (_isHandingOver && end.Reason == LoopEndReason.Stopped)
            {
                end = await LastTurnAsync();
            }
        }
        catch (Exception e)
        {
            // Whatever the machine has become, nothing is answered from it again.
            end = EndBy(e);
        }

        End(end);
    }

    /// <summary>One turn: decide a batch if there is anything to decide, else sleep. An answer ends the loop.</summary>
    private async ValueTask<LoopEnd?> TurnAsync()
    {
        ForgetGone();
        Moment now = _owned.Clock.Now;
        if (!_checkpoints.Step(_journal.Tail, now.UptimeMs))
        {
            return new LoopEnd(LoopEndReason.Fenced, "A checkpoint was refused under this epoch.");
        }

        _pump.Step(_owned.Machine, now);
        _queue.TakeInto(_batch, _runtime.Options.BatchCommandsMax, _runtime.Options.BatchBytesMax);
        if (_batch.Count > 0 || (now.UptimeMs >= _quietUntilMs && _owned.Machine.IsDue(now)))
        {
            return await DecideAsync(now);
        }

        await SleepAsync(now);
        return null;
    }

    /// <summary>Those whose callers went away: nothing is to be handed out to them, also if it is decided.</summary>
    private void ForgetGone()
    {
        foreach (Ticket gone in _queue.TakeGone())
        {
            bool wasWaiting = _parked.Remove(gone);
            if (_owned.Machine.Cancel(gone) && !wasWaiting)
            {
                _batch.RemoveAll(r => r.Ticket == gone);
            }
        }
    }

    private async ValueTask<LoopEnd> LastTurnAsync()
    {
        Decision decision = _owned.Machine.DecideHandOver(_owned.Clock.Now);
        if (decision.Changes > 0)
        {
            AppendOutcome outcome = await _journal.AppendAsync(
                decision, TimeSpan.FromMilliseconds(_runtime.Options.UnansweredMsMax));
            if (outcome.Status != AppendStatus.Durable)
            {
                return new LoopEnd(LoopEndReason.Stopped, $"It was given up, but its leases end with it: {outcome.Reason}");
            }
        }

        _owned.Machine.CommitHandOver();
        Check();
        return new LoopEnd(LoopEndReason.HandedOver, "It was given up in good order.");
    }

    private async ValueTask SleepAsync(Moment now)
    {
        PartitionMachine machine = _owned.Machine;
        long wakeAtMs = Math.Min(
            Math.Min(_pump.WakeAtMs ?? long.MaxValue, _checkpoints.WakeAtMs ?? long.MaxValue),
            machine.HasWork ? _quietUntilMs : Math.Max(machine.WakeAt(now) ?? long.MaxValue, _quietUntilMs));
        if (machine.WaitsForWallClock)
        {
            wakeAtMs = Math.Min(wakeAtMs, now.UptimeMs + _wallClockMsMax);
        }

        if (wakeAtMs < long.MaxValue)
        {
            long waitMs = Math.Clamp(wakeAtMs - now.UptimeMs, 1, (long)TimeSpan.FromDays(1).TotalMilliseconds);
            _timer.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
        }

        await _queue.SleepAsync();
    }

    private async ValueTask<LoopEnd?> DecideAsync(Moment now)
    {
        if (_budget.TryReserve(_owned.Machine, _batch) is not { } room)
        {
            _quietUntilMs = now.UptimeMs + _runtime.Options.RepeatPauseMsMax;
            _budget.Settle(_owned.Machine.StateBytes);
            Answer([.. _batch.Select(r => new Reply(r.Ticket, LoopBudget.NoMemory))]);
            return null;
        }

        Decision decision = _owned.Machine.Decide(_batch, now, room);
        _isUndecided = decision.Changes > 0;
        AppendOutcome outcome = _isUndecided ? await _journal.AppendAsync(decision) : await _journal.ConfirmAsync();
        string? refusal = null;
        if (outcome.Status == AppendStatus.Refused)
        {
            // Nothing was written; but refusals too are answers, and need the ownership.
            _isUndecided = false;
            refusal = outcome.Reason ?? "the journal refused the record.";
            LogRefused(_runtime.Logger, Id, _journal.Tail.Revision, refusal);
            outcome = await _journal.ConfirmAsync();
        }

        if (outcome.Status != AppendStatus.Durable)
        {
            return outcome.Status == AppendStatus.Fenced
                ? new LoopEnd(LoopEndReason.Fenced, outcome.Reason ?? "A newer epoch was acquired.")
                : new LoopEnd(LoopEndReason.Undecided, outcome.Reason ?? "The journal gave no verdict in time.");
        }

        Resume();
        ForgetGone();
        if (_isUndecided)
        {
            _checkpoints.Appended(decision.Record.Length);
        }

        IReadOnlyList<Reply> replies = refusal is null ? _owned.Machine.Commit() : _owned.Machine.Drop(refusal);
        Check();
        _figures.Observe(now);

        // What time demands is still due after a refusal, and a full disk is not full for a moment only.
        bool didNothing = _batch.Count == 0 && decision.Changes == 0 && replies.Count == 0;
        _quietUntilMs = refusal is not null ? now.UptimeMs + _runtime.Options.RepeatPauseMsMax
            : didNothing ? now.UptimeMs + _quietMs : 0;
        _budget.Settle(_owned.Machine.StateBytes);
        Answer(replies);
        _isUndecided = false;
        return null;
    }

    /// <summary>
    /// The journal is silent for longer than callers wait. Each is told whether what it asked may have happened; the
    /// batch stays undecided, and the memory stays.
    /// </summary>
    private void Stall(string reason)
    {
        string why = $"The journal of partition {Id} does not answer: {reason}";
        LogStalled(_runtime.Logger, Id, Epoch, reason);
        _stalledAt = _runtime.Time.GetTimestamp();
        _stall = why;
        foreach (Request request in _batch.Where(r => IsFromCaller((Ticket)r.Ticket)))
        {
            _owned.Machine.Cancel(request.Ticket);
            ((Ticket)request.Ticket).Complete(new NotOwner(_isUndecided && !request.Command.IsRead, why));
        }

        _batch.RemoveAll(r => IsFromCaller((Ticket)r.Ticket));
        foreach (Ticket parked in _parked)
        {
            _owned.Machine.Cancel(parked);
            parked.Complete(new NotOwner(MayHaveHappened: false, why));
        }

        _parked.Clear();
        foreach (Ticket waiting in _queue.TakeAll(IsFromCaller))
        {
            waiting.Complete(new NotOwner(MayHaveHappened: false, why));
        }
    }

    private void Resume()
    {
        if (_stall is not null)
        {
            _stall = null;
            LogResumed(_runtime.Logger, Id, Epoch, _runtime.Time.GetElapsedTime(_stalledAt).TotalMilliseconds);
        }
    }

    /// <summary>The loop's own commands wait as long as it takes: nobody would ask them again.</summary>
    private static bool IsFromCaller(Ticket ticket) => ticket.Command is not ClearOutbox;

    /// <summary>The other half of a pair: the machine and the journal agree on what is durable.</summary>
    private void Check()
    {
        if (_owned.Machine.Revision != _journal.Tail.Revision)
        {
            throw new InvalidOperationException(
                $"Partition {Id} stands at {_owned.Machine.Revision} in memory and at {_journal.Tail.Revision} in its journal.");
        }
    }

    private void Answer(IReadOnlyList<Reply> replies)
    {
        foreach (Request request in _batch)
        {
            ((Ticket)request.Ticket).IsParked = true;
        }

        foreach (Reply reply in replies)
        {
            var ticket = (Ticket)reply.Ticket;
            ticket.IsParked = false;
            if (_parked.Count > 0)
            {
                _parked.Remove(ticket);
            }

            if (reply.Answer is Refused refused)
            {
                _refusals.Add(1, new KeyValuePair<string, object?>("code", refused.Code));
            }

            ticket.Complete(reply.Answer is DeliveryGiven given ? _seals.Seal(given) : reply.Answer);
        }

        foreach (Request request in _batch)
        {
            // A caller that went away while its receive was decided is not left to wait inside the machine.
            if (request.Ticket is Ticket { IsParked: true } parked && !(parked.IsGone && _owned.Machine.Cancel(parked)))
            {
                _parked.Add(parked);
            }
        }

        _commands.Add(_batch.Count);
        _batchSize.Record(_batch.Count);
        _batch.Clear();
    }

    private void End(LoopEnd end)
    {
        _pump.Dispose();
        _checkpoints.Dispose();
        _timer.Dispose();
        _budget.Settle(0);
        var undecided = new NotOwner(_isUndecided, end.Why);
        foreach (Request request in _batch)
        {
            ((Ticket)request.Ticket).Complete(undecided);
        }

        foreach (Ticket parked in _parked)
        {
            parked.Complete(undecided);
        }

        var untouched = new NotOwner(MayHaveHappened: false, end.Why);
        foreach (Ticket waiting in _queue.Close())
        {
            waiting.Complete(untouched);
        }

        LogEnded(_runtime.Logger, end.Reason is LoopEndReason.Stopped or LoopEndReason.HandedOver ? LogLevel.Debug : LogLevel.Information,
            Id, Epoch, _journal.Tail.Revision, end.Reason, end.Why);
        _completion.TrySetResult(end);
    }
}
