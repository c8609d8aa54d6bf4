using Grains.Journal;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

/// <summary>
/// The life of one owned partition. Takes everything waiting as a batch, lets the machine decide it, makes the record
/// durable or the ownership confirmed, and only then applies and answers. At most one batch is undecided.
/// </summary>
/// <remarks>
/// <para>One turn after another: where the journal can be led, in the cycles of <see cref="PartitionEngine"/>, else on
/// the scheduler that <see cref="Start"/> was called on. Only the encoding of checkpoints leaves it. Posting is for any
/// thread.</para>
/// <para>It ends once, and never serves again: what follows is a new recovery. Every ticket that it took is answered,
/// at the latest with <see cref="NotOwner"/> when it ends.</para>
/// </remarks>
public sealed partial class PartitionLoop
{
    private readonly OwnedPartition _owned;
    private readonly PartitionRuntime _runtime;
    private readonly CommandQueue _queue;
    private readonly LoopReads _reads;
    private readonly LoopTurns _turns;
    private readonly PartitionEngine? _engine;

    /// <summary>Held in each half of a turn that the engine runs, and by who reads between two of them.</summary>
    private readonly Lock _turn = new();
    private readonly TaskCompletionSource<LoopEnd> _completion = new(
        TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isReady;
    private TaskScheduler _scheduler = TaskScheduler.Default;
    private volatile bool _isStopping;
    private volatile bool _isHandingOver;
    private bool _isLast;

    public PartitionLoop(OwnedPartition owned, PartitionRuntime runtime)
    {
        (_owned, _runtime, _engine) = (owned, runtime, runtime.Engine);
        var seals = new DeliverySeals(runtime.DeliverySecret);
        _reads = new LoopReads(owned, runtime.Journal, seals, () => _isStopping || _completion.Task.IsCompleted);
        _queue = new CommandQueue(
            runtime.Options.QueuedCommandsMax, runtime.Options.QueuedBytesMax, runtime.Queues,
            _engine is null ? null : MakeReady);
        _turns = new LoopTurns(owned, runtime, _queue, seals, Post);
    }

    public PartitionId Id => _owned.Id;

    public Epoch Epoch => _owned.Epoch;

    public RecoveryTimes RecoveryTimes => _owned.Times;

    public int QueueDepth => _queue.Count;

    /// <summary>About a second old at the most while commands come.</summary>
    internal LoopFigures Figures => _turns.Figures;

    internal TimeSpan OutboxLag => _turns.OutboxLag;

    /// <summary>Ends when the loop has: every ticket is answered, the memory is of no use.</summary>
    public Task<LoopEnd> Completion => _completion.Task;

    /// <summary>Between two turns; any thread where the engine runs them, else the loop's own scheduler only.</summary>
    internal T Read<T>(Func<PartitionMachine, T> read)
    {
        lock (_turn)
        {
            return read(_owned.Machine);
        }
    }

    /// <summary>In the loop's own scheduler only.</summary>
    internal PartitionMachine Machine => _owned.Machine;

    /// <summary>Any thread: at which level the last record is written.</summary>
    internal int FormatLevel
    {
        set => _owned.Machine.FormatLevel = value;
    }

    /// <summary>
    /// Any thread: no timer fires while it is so; those whose time came meanwhile fire once, after it.
    /// </summary>
    internal bool IsPaused
    {
        set
        {
            _owned.Machine.IsPaused = value;
            _queue.Wake();
        }
    }

    /// <summary>Any thread: for how long the journal owes it a verdict; zero = it owes none.</summary>
    internal TimeSpan Silence => _turns.Journal.Silence;

    /// <summary>Any thread: for how long the journal has given no verdict, asked or not.</summary>
    internal TimeSpan SinceAnswer => _turns.Journal.SinceAnswer;

    internal TimeSpan LongestStall => _turns.LongestStall;

    internal Revision LastCheckpoint => _turns.LastCheckpoint;

    public void Start()
    {
        if (_engine is not null)
        {
            _engine.Add(this);
            MakeReady();
            return;
        }

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
    /// As <see cref="StopAsync"/>, but the last record says what is leased, so that the next owner honours it. Returns
    /// when that record is durable, or cannot be made so within the time that callers wait.
    /// </summary>
    public async Task<LoopEnd> HandOverAsync()
    {
        _isHandingOver = true;
        _isStopping = true;
        _queue.Wake();
        return await _completion.Task;
    }

    /// <summary>
    /// As <see cref="StopAsync"/>, but what the journal has not decided by now stays undecided: callers are told so,
    /// and the next owner finds out.
    /// </summary>
    public Task<LoopEnd> AbandonAsync()
    {
        _isStopping = true;
        _turns.Journal.Abandon();
        _queue.Wake();
        return _completion.Task;
    }

    /// <summary>Any thread. The ticket is answered, now if the queue is full or closed.</summary>
    public void Post(Ticket ticket)
    {
        if (TryQueue(ticket))
        {
            _engine?.Kick();
        }
    }

    /// <summary>False: it is answered already, or will be from the past.</summary>
    private bool TryQueue(Ticket ticket)
    {
        if (ticket.Command is { Consistency.Level: not ConsistencyLevel.Linearizable, IsRead: true })
        {
            ReadThePast(ticket);
            return false;
        }

        Answer? known = _turns.StallReason is { } why && LoopTickets.IsFromCaller(ticket)
            ? new NotOwner(MayHaveHappened: false, why)
            : _reads.AnswerAtOnce(ticket.Command);
        if (known is not null)
        {
            ticket.Complete(known);
            return false;
        }

        switch (_queue.Post(ticket))
        {
            case QueueVerdict.Full:
                LoopTickets.RefuseAsFull(ticket, Id);
                return false;
            case QueueVerdict.Closed:
                ticket.Complete(new NotOwner(MayHaveHappened: false, "This server has just given the partition up."));
                return false;
            case QueueVerdict.Taken when _turns.StallReason is { } since && LoopTickets.IsFromCaller(ticket):
                // It came in between: those that waited had been told already when it was queued.
                TakeBack(ticket, since);
                return false;
            default:
                _engine?.Ready(this);
                return true;
        }
    }

    /// <summary>Any thread. What needs no turn, nor a ticket; null = it is to be posted.</summary>
    internal Answer? TryAnswerAtOnce(Command command) =>
        command.Consistency.Level == ConsistencyLevel.Linearizable && _turns.StallReason is null
            ? _reads.AnswerAtOnce(command) : null;

    private void ReadThePast(Ticket ticket)
    {
        if (_engine is null)
        {
            _ = _reads.AnswerFromThePastAsync(ticket, _scheduler);
            return;
        }

        lock (_turn)
        {
            ticket.Complete(_reads.FromThePast(ticket.Command));
        }
    }

    /// <summary>Any thread. The caller of a ticket has gone: a waiting receive is not to be given anything.</summary>
    public void Forget(Ticket ticket) => _queue.Forget(ticket);

    /// <summary>Any thread. Executes one command; <see cref="NotOwner"/> if the loop ends first.</summary>
    public Task<Answer> ExecuteAsync(Command command, CancellationToken cancel)
    {
        var ticket = new TaskTicket(command);
        Execute(ticket);
        return cancel.CanBeCanceled ? ticket.WhileWantedAsync(Forget, cancel) : ticket.Task;
    }

    /// <summary>As <see cref="Post"/>, by a caller who waits for the answer: it may lead until that is there.</summary>
    internal void Execute(Ticket ticket)
    {
        if (TryQueue(ticket))
        {
            _engine?.LeadFor(ticket);
        }
    }

    /// <summary>
    /// A method of its own, as are others that a usual turn passes by: what a lambda captures is allocated where its
    /// method begins.
    /// </summary>
    private void TakeBack(Ticket ticket, string why) => Array.ForEach(
        _queue.TakeAll(t => t == ticket), t => t.Complete(new NotOwner(MayHaveHappened: false, why)));

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
        _turns.Tickets.ForgetGone();
        Moment now = _owned.Clock.Now;
        if (_turns.Step(now) is { } fenced)
        {
            return fenced;
        }

        _turns.Tickets.Take();
        if (_turns.IsDueElseSetTimer(now))
        {
            return await DecideAsync(now);
        }

        await _queue.SleepAsync();
        return null;
    }

    private async ValueTask<LoopEnd> LastTurnAsync()
    {
        Decision decision = _owned.Machine.DecideHandOver(_owned.Clock.Now);
        return _turns.ConcludeLast(decision.Changes == 0 ? AppendOutcome.Durable : await _turns.Journal.AppendAsync(
            decision, TimeSpan.FromMilliseconds(_runtime.Options.UnansweredMsMax)));
    }

    private async ValueTask<LoopEnd?> DecideAsync(Moment now)
    {
        if (!_turns.TryDecide(now))
        {
            return null;
        }

        AppendOutcome outcome = _turns.IsUndecided
            ? await _turns.Journal.AppendAsync(_turns.Decided)
            : await _turns.Journal.ConfirmAsync();
        string? refusal = null;
        if (outcome.Status == AppendStatus.Refused)
        {
            refusal = _turns.Refused(outcome);
            outcome = await _turns.Journal.ConfirmAsync();
        }

        return _turns.Conclude(outcome, refusal);
    }

    /// <summary>True: it was not, and whoever asked puts it among those that are.</summary>
    internal bool TryBecomeReady() => Interlocked.Exchange(ref _isReady, 1) == 0;

    /// <summary>
    /// The first half of a turn in the engine: what is to be flushed before the second half; null = there is none.
    /// </summary>
    internal LedAppend? BeginTurn(in ServerMoment begun)
    {
        // Before anything is looked at: what comes from now on makes it ready again.
        Interlocked.Exchange(ref _isReady, 0);
        lock (_turn)
        {
            try
            {
                return _completion.Task.IsCompleted ? null : _isStopping ? BeginLastTurn(begun) : BeginUsualTurn(begun);
            }
            catch (Exception e)
            {
                End(EndBy(e));
                return null;
            }
        }
    }

    /// <summary>The second half, once the flush is over.</summary>
    internal void EndTurn(LedAppend append, in ServerMoment ended)
    {
        lock (_turn)
        {
            try
            {
                AppendOutcome outcome = _turns.Journal.End(append, ended);
                if (_isLast)
                {
                    End(_turns.ConcludeLast(outcome));
                    return;
                }

                Conclude(outcome, _owned.Clock.At(ended));
            }
            catch (Exception e)
            {
                // Whatever the machine has become, nothing is answered from it again.
                End(EndBy(e));
            }
        }
    }

    /// <summary>Any thread, during a flush that takes longer than callers wait.</summary>
    internal void BeginStall(string reason)
    {
        lock (_turn)
        {
            if (_turns.StallReason is null && !_completion.Task.IsCompleted)
            {
                _turns.Stall(reason);
            }
        }
    }

    /// <summary>The flush has come to its end: also those that had no part in it go on.</summary>
    internal void EndStall()
    {
        lock (_turn)
        {
            _turns.Resume();
        }
    }

    private void MakeReady()
    {
        _engine!.Ready(this);
        _engine.Kick();
    }

    private LedAppend? BeginUsualTurn(in ServerMoment begun)
    {
        _turns.Tickets.ForgetGone();
        Moment now = _owned.Clock.At(begun);
        _turns.Tickets.Take();
        if (_turns.Tickets.Batch.Count == 0 && _turns.Step(now) is { } fenced)
        {
            End(fenced);
            return null;
        }

        if (!_turns.IsDueElseSetTimer(now))
        {
            return null;
        }

        if (!_turns.TryDecide(now))
        {
            GoOn(now);
            return null;
        }

        if (_turns.IsUndecided)
        {
            return _turns.Journal.Begin(_turns.Decided, begun);
        }

        Conclude(_turns.Journal.Confirm(), now);
        return null;
    }

    private void Conclude(AppendOutcome outcome, in Moment now)
    {
        string? refusal = null;
        if (outcome.Status == AppendStatus.Refused)
        {
            refusal = _turns.Refused(outcome);
            outcome = _turns.Journal.Confirm();
        }

        if (_turns.Conclude(outcome, refusal) is { } end)
        {
            End(end);
        }
        else
        {
            GoOn(now);
        }
    }

    /// <summary>After a batch: what goes on beside it, then the next turn, now or when time demands it.</summary>
    private void GoOn(in Moment now)
    {
        if (_turns.Step(now) is { } end)
        {
            End(end);
        }
        else if (_queue.Count > 0 || _turns.IsDueElseSetTimer(now))
        {
            _engine!.Ready(this);
        }
    }

    private LedAppend? BeginLastTurn(in ServerMoment begun)
    {
        if (!_isHandingOver)
        {
            End(new LoopEnd(LoopEndReason.Stopped, "It was asked to stop."));
            return null;
        }

        Decision decision = _owned.Machine.DecideHandOver(_owned.Clock.At(begun));
        if (decision.Changes > 0)
        {
            _isLast = true;
            return _turns.Journal.Begin(decision, begun);
        }

        End(_turns.ConcludeLast(AppendOutcome.Durable));
        return null;
    }

    private void End(LoopEnd end)
    {
        try
        {
            _engine?.Remove(this);
            _turns.Dispose();
            _turns.Tickets.End(_turns.IsUndecided, end.Why);
            LogEnded(
                Log,
                end.Reason is LoopEndReason.Stopped or LoopEndReason.HandedOver ? LogLevel.Debug : LogLevel.Information,
                Id, Epoch, _turns.Journal.Tail.Revision, end.Reason, end.Why);
        }
        finally
        {
            _completion.TrySetResult(end);
        }
    }
}
