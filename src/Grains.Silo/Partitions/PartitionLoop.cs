using Grains.Journal;
using Grains.Silo.Outboxes;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Partitions;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Partitions;

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

    private const long _observeMs = 1_000;

    private readonly OwnedPartition _owned;
    private readonly PartitionRuntime _runtime;
    private readonly CommandQueue _queue;
    private readonly OutboxPump _pump;
    private readonly CheckpointWriter _checkpoints;
    private readonly ITimer _timer;
    private readonly List<Request> _batch = [];
    private readonly HashSet<Ticket> _parked = [];
    private readonly TaskCompletionSource<LoopEnd> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private JournalTail _tail;
    private long _quietUntilMs;
    private long _observedAtMs;
    private long _stateBytes;
    private long _outboxEntries;
    private bool _isUndecided;
    private volatile bool _isStopping;

    /// <summary>Until a confirmation is seen that had to wait.</summary>
    private volatile bool _confirmsAtOnce = true;

    public PartitionLoop(OwnedPartition owned, PartitionRuntime runtime)
    {
        _owned = owned;
        _runtime = runtime;
        _tail = owned.Tail;
        _queue = new CommandQueue(runtime.Options.QueuedCommandsMax, runtime.Options.QueuedBytesMax);
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
    internal long StateBytes => Volatile.Read(ref _stateBytes);

    internal long OutboxEntries => Volatile.Read(ref _outboxEntries);

    /// <summary>Ends when the loop has: every ticket is answered, the memory is of no use.</summary>
    public Task<LoopEnd> Completion => _completion.Task;

    /// <summary>In the loop's own scheduler only.</summary>
    internal PartitionMachine Machine => _owned.Machine;

    internal TimeSpan LongestStall => _checkpoints.LongestStall;

    internal Revision LastCheckpoint => _checkpoints.Last;

    public void Start() => _ = RunAsync();

    /// <summary>Finishes the batch in flight, then ends; what still waits is told that nothing was done.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        _queue.Wake();
        return _completion.Task;
    }

    /// <summary>Any thread. The ticket is answered, now if the queue is full or closed.</summary>
    public void Post(Ticket ticket)
    {
        if (ticket.Command is GetKey get && TryReadAtOnce(get) is { } answer)
        {
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
        }
    }

    /// <summary>Any thread. The caller of a ticket has gone: a waiting receive is not to be given anything.</summary>
    public void Forget(Ticket ticket) => _queue.Forget(ticket);

    /// <summary>Any thread. Executes one command; <see cref="NotOwner"/> if the loop ends first.</summary>
    public Task<Answer> ExecuteAsync(Command command, CancellationToken cancel)
    {
        var ticket = new TaskTicket(command);
        Post(ticket);
        return cancel.CanBeCanceled ? WhileWantedAsync(ticket, cancel) : ticket.Task;
    }

    /// <summary>
    /// Where the journal confirms from memory, a key is read on the caller's thread: the confirmation began after the
    /// command came, and what is read after it is durable (rule 2). Null = through the queue.
    /// </summary>
    private Answer? TryReadAtOnce(GetKey command)
    {
        if (!_confirmsAtOnce || _isStopping || _completion.Task.IsCompleted)
        {
            return null;
        }

        ValueTask<bool> confirmed = _runtime.Journal.ConfirmAsync(Id, Epoch, CancellationToken.None);
        if (!confirmed.IsCompletedSuccessfully)
        {
            // Its outcome, whatever it is, concerns nobody: the queue asks again.
            _confirmsAtOnce = false;
            _ = confirmed.AsTask().ContinueWith(
                static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
            return null;
        }

        if (!confirmed.Result || _owned.Machine.TryRead(command) is not { } answer)
        {
            return null;
        }

        _commands.Add(1);
        if (answer is Refused refused)
        {
            _refusals.Add(1, new KeyValuePair<string, object?>("code", refused.Code));
        }

        return answer;
    }

    private async Task<Answer> WhileWantedAsync(TaskTicket ticket, CancellationToken cancel)
    {
        using CancellationTokenRegistration registration = cancel.UnsafeRegister(
            (_, token) =>
            {
                ticket.Abandon(token);
                Forget(ticket);
            },
            null);
        return await ticket.Task;
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
        }
        catch (Exception e)
        {
            // Whatever the machine has become, nothing is answered from it again.
            end = new LoopEnd(LoopEndReason.Broken, e.Message);
            LogBroken(_runtime.Logger, Id, Epoch, _tail.Revision, e);
        }

        End(end);
    }

    /// <summary>One turn: decide a batch if there is anything to decide, else sleep. An answer ends the loop.</summary>
    private async ValueTask<LoopEnd?> TurnAsync()
    {
        foreach (Ticket gone in _queue.TakeGone())
        {
            if (_parked.Remove(gone))
            {
                _owned.Machine.Cancel(gone);
            }
        }

        long nowMs = _owned.Clock.NowMs;
        if (!_checkpoints.Step(_tail, nowMs))
        {
            return new LoopEnd(LoopEndReason.Fenced, "A checkpoint was refused under this epoch.");
        }

        _pump.Step(_owned.Machine, nowMs);
        _queue.TakeInto(_batch, _runtime.Options.BatchCommandsMax, _runtime.Options.BatchBytesMax);
        if (_batch.Count > 0 || (IsDue(nowMs) && nowMs >= _quietUntilMs))
        {
            return await DecideAsync(nowMs);
        }

        await SleepAsync(nowMs);
        return null;
    }

    private bool IsDue(long nowMs) => _owned.Machine.HasWork || _owned.Machine.WakeAtMs <= nowMs;

    private async ValueTask SleepAsync(long nowMs)
    {
        long wakeAtMs = Math.Min(
            Math.Min(_pump.WakeAtMs ?? long.MaxValue, _checkpoints.WakeAtMs ?? long.MaxValue),
            _owned.Machine.HasWork ? _quietUntilMs : Math.Max(_owned.Machine.WakeAtMs ?? long.MaxValue, _quietUntilMs));
        if (wakeAtMs < long.MaxValue)
        {
            long waitMs = Math.Clamp(wakeAtMs - nowMs, 1, (long)TimeSpan.FromDays(1).TotalMilliseconds);
            _timer.Change(TimeSpan.FromMilliseconds(waitMs), Timeout.InfiniteTimeSpan);
        }

        await _queue.SleepAsync();
    }

    private async ValueTask<LoopEnd?> DecideAsync(long nowMs)
    {
        Decision decision = _owned.Machine.Decide(_batch, nowMs);
        _isUndecided = decision.Changes > 0;
        AppendOutcome outcome = _isUndecided ? await AppendAsync(decision) : await ConfirmAsync();
        string? refusal = null;
        if (outcome.Status == AppendStatus.Refused)
        {
            // Nothing was written; but refusals too are answers, and need the ownership.
            _isUndecided = false;
            refusal = outcome.Reason ?? "the journal refused the record.";
            LogRefused(_runtime.Logger, Id, _tail.Revision, refusal);
            outcome = await ConfirmAsync();
        }

        if (outcome.Status != AppendStatus.Durable)
        {
            return outcome.Status == AppendStatus.Fenced
                ? new LoopEnd(LoopEndReason.Fenced, outcome.Reason ?? "A newer epoch was acquired.")
                : new LoopEnd(LoopEndReason.Undecided, outcome.Reason ?? "The journal gave no verdict in time.");
        }

        IReadOnlyList<Reply> replies = refusal is null ? _owned.Machine.Commit() : _owned.Machine.Drop(refusal);
        Check();
        Observe(nowMs);

        // What time demands is still due after a refusal, and a full disk is not full for a moment only.
        bool didNothing = _batch.Count == 0 && decision.Changes == 0 && replies.Count == 0;
        _quietUntilMs = refusal is not null ? nowMs + _runtime.Options.RepeatPauseMsMax : didNothing ? nowMs + _quietMs : 0;
        Answer(replies);
        _isUndecided = false;
        return null;
    }

    /// <summary>Repeats the identical append while it is undecided: only its verdict may end the batch.</summary>
    private async ValueTask<AppendOutcome> AppendAsync(Decision decision)
    {
        var append = new JournalAppend(Id, Epoch, _tail, decision.Changes, decision.Record);
        long begun = _runtime.Time.GetTimestamp();
        AppendOutcome outcome = await UntilDecidedAsync(() => _runtime.Journal.AppendAsync(append, CancellationToken.None));
        _appendMs.Record(_runtime.Time.GetElapsedTime(begun).TotalMilliseconds);
        if (outcome.Status == AppendStatus.Durable)
        {
            _tail = append.Next;
            _checkpoints.Appended(append.Payload.Length);
        }

        return outcome;
    }

    private ValueTask<AppendOutcome> ConfirmAsync()
    {
        ValueTask<bool> confirmed = _runtime.Journal.ConfirmAsync(Id, Epoch, CancellationToken.None);
        if (confirmed.IsCompletedSuccessfully)
        {
            return new ValueTask<AppendOutcome>(Confirmed(confirmed.Result));
        }

        // The first attempt is under way already; only a repeat asks again.
        ValueTask<bool>? first = confirmed;
        return UntilDecidedAsync(async () =>
        {
            ValueTask<bool> attempt = first ?? _runtime.Journal.ConfirmAsync(Id, Epoch, CancellationToken.None);
            first = null;
            return Confirmed(await attempt);
        });
    }

    private static AppendOutcome Confirmed(bool isOwner) => isOwner
        ? AppendOutcome.Durable
        : new AppendOutcome(AppendStatus.Fenced, "The ownership was not confirmed: a newer epoch was acquired.");

    /// <remarks>
    /// A refusal is a verdict on its own attempt only: after an attempt whose end is unknown, and which may still become
    /// durable, it decides nothing.
    /// </remarks>
    private async ValueTask<AppendOutcome> UntilDecidedAsync(Func<ValueTask<AppendOutcome>> attempt)
    {
        long begun = _runtime.Time.GetTimestamp();
        var patience = TimeSpan.FromMilliseconds(_runtime.Options.UndecidedMsMax);
        for (int repeats = 0; ; repeats++)
        {
            string? reason;
            TimeSpan left = patience - _runtime.Time.GetElapsedTime(begun);
            ValueTask<AppendOutcome> pending = attempt();
            try
            {
                AppendOutcome outcome = pending.IsCompleted
                    ? await pending
                    : await pending.AsTask().WaitAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, _runtime.Time);
                if (outcome.Status is AppendStatus.Durable or AppendStatus.Fenced
                    || (outcome.Status == AppendStatus.Refused && repeats == 0))
                {
                    return outcome;
                }

                reason = outcome.Reason;
            }
            catch (TimeoutException)
            {
                // It may still be in flight, and two of one partition never are: only dropping the memory is left.
                return new AppendOutcome(AppendStatus.Unknown, $"The journal gave no verdict within {patience}.");
            }
            catch (Exception e)
            {
                reason = e.Message;
            }

            int pauseMs = Math.Min(_runtime.Options.RepeatPauseMsMin << Math.Min(repeats, 16), _runtime.Options.RepeatPauseMsMax);
            var pause = TimeSpan.FromMilliseconds(pauseMs);
            if (_runtime.Time.GetElapsedTime(begun) + pause >= patience)
            {
                return new AppendOutcome(AppendStatus.Unknown, reason);
            }

            LogUndecided(_runtime.Logger, Id, _tail.Revision, pauseMs, reason);
            await Task.Delay(pause, _runtime.Time);
        }
    }

    /// <summary>The other half of a pair: the machine and the journal agree on what is durable.</summary>
    private void Check()
    {
        if (_owned.Machine.Revision != _tail.Revision)
        {
            throw new InvalidOperationException(
                $"Partition {Id} stands at {_owned.Machine.Revision} in memory and at {_tail.Revision} in its journal.");
        }
    }

    /// <summary>For gauges, which are read on any thread: now and then, because counting is not free.</summary>
    private void Observe(long nowMs)
    {
        if (nowMs - _observedAtMs >= _observeMs)
        {
            MachineStatistics statistics = _owned.Machine.Statistics;
            _observedAtMs = nowMs;
            _stateBytes = statistics.Bytes;
            _outboxEntries = statistics.OutboxEntries;
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

            ticket.Complete(reply.Answer);
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

        LogEnded(_runtime.Logger, end.Reason == LoopEndReason.Stopped ? LogLevel.Debug : LogLevel.Information,
            Id, Epoch, _tail.Revision, end.Reason, end.Why);
        _completion.TrySetResult(end);
    }
}

/// <summary>Why a loop ended.</summary>
public readonly record struct LoopEnd(LoopEndReason Reason, string Why);

/// <summary>The ways in which a loop ends.</summary>
public enum LoopEndReason
{
    /// <summary>It was asked to.</summary>
    Stopped,

    /// <summary>Another server owns the partition.</summary>
    Fenced,

    /// <summary>The journal gave no verdict in time: what is durable is known only after a new recovery.</summary>
    Undecided,

    /// <summary>Our own bug: the memory cannot be trusted.</summary>
    Broken,
}
