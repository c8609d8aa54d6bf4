using System.Runtime.CompilerServices;
using Grains.Journal;
using Grains.StateMachines.Batches;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

/// <summary>
/// One owner's way to the journal: it asks until there is a verdict. The identical append is repeated while it is
/// undecided, for as long as its callers' patience many times over: memory that is right is worth more than a new
/// start.
/// </summary>
/// <param name="stalled">
/// Told once in an ask that takes longer than callers wait, with the reason: they are to be answered, the ask goes on.
/// </param>
internal sealed partial class LoopJournal(OwnedPartition owned, PartitionRuntime runtime, Action<string> stalled)
{
    private readonly TimeSpan _unanswered = TimeSpan.FromMilliseconds(runtime.Options.UnansweredMsMax);
    private readonly CancellationTokenSource _abandoned = new();
    private long _askedAt;
    private long _begunAt;
    private long _answeredAt = runtime.Time.GetTimestamp();

    /// <summary>The newest record that is known to be durable.</summary>
    public JournalTail Tail { get; private set; } = owned.Tail;

    /// <summary>Any thread: for how long a verdict is being waited for; zero = none is.</summary>
    public TimeSpan Silence =>
        Volatile.Read(ref _askedAt) is var at and not 0 ? runtime.Time.GetElapsedTime(at) : TimeSpan.Zero;

    /// <summary>Any thread: for how long there has been no verdict, whether one was waited for or not.</summary>
    public TimeSpan SinceAnswer => runtime.Time.GetElapsedTime(Volatile.Read(ref _answeredAt));

    /// <summary>Any thread: what is asked, now or later, ends without a verdict.</summary>
    public void Abandon() => _abandoned.Cancel();

    public async ValueTask<AppendOutcome> AppendAsync(Decision decision, TimeSpan? patience = null)
    {
        var append = new JournalAppend(owned.Id, owned.Epoch, Tail, decision.Changes, decision.Record);
        long begun = runtime.Time.GetTimestamp();
        AppendOutcome outcome = await UntilDecidedAsync(append, null, patience);
        _appendMs.Record(runtime.Time.GetElapsedTime(begun).TotalMilliseconds);
        if (outcome.Status == AppendStatus.Durable)
        {
            Tail = append.Next;
        }

        return outcome;
    }

    /// <summary>For a turn whose flush somebody leads: what is to be flushed, then what came of it.</summary>
    public LedAppend Begin(in Decision decision, in ServerMoment begun)
    {
        _begunAt = begun.Timestamp;
        Volatile.Write(ref _askedAt, _begunAt | 1);
        return new LedAppend(new JournalAppend(owned.Id, owned.Epoch, Tail, decision.Changes, decision.Record));
    }

    /// <inheritdoc cref="Begin"/>
    public AppendOutcome End(LedAppend led, in ServerMoment ended)
    {
        Volatile.Write(ref _askedAt, 0);
        _appendMs.Record(runtime.Time.GetElapsedTime(_begunAt, ended.Timestamp).TotalMilliseconds);
        if (led.Outcome.Status != AppendStatus.Unknown)
        {
            Volatile.Write(ref _answeredAt, ended.Timestamp);
        }

        if (led.Outcome.Status == AppendStatus.Durable)
        {
            Tail = led.Append.Next;
        }

        return led.Outcome;
    }

    /// <summary>Of a journal that can be led: it confirms from memory.</summary>
    public AppendOutcome Confirm()
    {
        ValueTask<AppendOutcome> attempt = AttemptAsync(null);
        return attempt.IsCompletedSuccessfully
            ? attempt.Result
            : throw new InvalidOperationException("A journal that can be led confirms from memory.");
    }

    public ValueTask<AppendOutcome> ConfirmAsync()
    {
        ValueTask<AppendOutcome> first = AttemptAsync(null);
        return first.IsCompletedSuccessfully ? first : UntilDecidedAsync(null, first);
    }

    /// <summary>Asks once.</summary>
    /// <param name="append">Null = the ownership is to be confirmed.</param>
    private ValueTask<AppendOutcome> AttemptAsync(JournalAppend? append)
    {
        if (append is not null)
        {
            return runtime.Journal.AppendAsync(append, CancellationToken.None);
        }

        ValueTask<bool> confirmed = runtime.Journal.ConfirmAsync(owned.Id, owned.Epoch, CancellationToken.None);
        return confirmed.IsCompletedSuccessfully
            ? new ValueTask<AppendOutcome>(Confirmed(confirmed.Result))
            : AwaitAsync(confirmed);

        static async ValueTask<AppendOutcome> AwaitAsync(ValueTask<bool> confirmed) => Confirmed(await confirmed);
    }

    private static AppendOutcome Confirmed(bool isOwner) => isOwner
        ? AppendOutcome.Durable
        : new AppendOutcome(AppendStatus.Fenced, "The ownership was not confirmed: a newer epoch was acquired.");

    /// <param name="append">Null = the ownership is to be confirmed.</param>
    /// <param name="first">The first attempt, where it is under way already.</param>
    /// <param name="patience">How long it is asked; as long as callers may wait many times over, unless given.</param>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AppendOutcome> UntilDecidedAsync(
        JournalAppend? append, ValueTask<AppendOutcome>? first, TimeSpan? patience = null)
    {
        // The lowest bit tells a clock that stands at its beginning from no clock.
        Volatile.Write(ref _askedAt, runtime.Time.GetTimestamp() | 1);
        try
        {
            AppendOutcome outcome = await AskAsync(
                append, first, patience ?? TimeSpan.FromMilliseconds(runtime.Options.UndecidedMsMax));
            if (outcome.Status != AppendStatus.Unknown)
            {
                Volatile.Write(ref _answeredAt, runtime.Time.GetTimestamp());
            }

            return outcome;
        }
        catch (Exception) when (_abandoned.IsCancellationRequested)
        {
            return new AppendOutcome(AppendStatus.Unknown, "It was given up while the journal gave no verdict.");
        }
        finally
        {
            Volatile.Write(ref _askedAt, 0);
        }
    }

    /// <summary>
    /// One loop with two deadlines: callers are told at the first, the ask is given up at the second.
    /// </summary>
    /// <remarks>
    /// A refusal is a verdict on its own attempt only: after an attempt whose end is unknown, and which may still
    /// become durable, it decides nothing.
    /// </remarks>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<AppendOutcome> AskAsync(
        JournalAppend? append, ValueTask<AppendOutcome>? first, TimeSpan patience)
    {
        long begun = runtime.Time.GetTimestamp();
        bool isStalled = false;
        for (int repeats = 0; ; repeats++)
        {
            string? reason;
            ValueTask<AppendOutcome> attempt = repeats == 0 && first is { } underWay ? underWay : AttemptAsync(append);
            try
            {
                Task<AppendOutcome>? pending = attempt.IsCompleted ? null : attempt.AsTask();
                if (pending is not null && !isStalled && _unanswered < patience
                    && !await EndsAsync(pending, Left(begun, _unanswered)))
                {
                    // Not asked again whether it is due: a timer may end a moment before the clock says so.
                    isStalled = true;
                    stalled($"The journal gave no verdict within {_unanswered}.");
                }

                if (pending is not null && !await EndsAsync(pending, Left(begun, patience)))
                {
                    // It may still be in flight, and two of one partition never are: only dropping the memory is left.
                    return new AppendOutcome(AppendStatus.Unknown, $"The journal gave no verdict within {patience}.");
                }

                AppendOutcome outcome = await (pending is null ? attempt : new ValueTask<AppendOutcome>(pending));
                if (outcome.Status is AppendStatus.Durable or AppendStatus.Fenced
                    || (outcome.Status == AppendStatus.Refused && repeats == 0))
                {
                    return outcome;
                }

                reason = outcome.Reason;
            }
            catch (Exception e) when (!_abandoned.IsCancellationRequested)
            {
                reason = e.Message;
            }

            int pauseMs = Math.Min(
                runtime.Options.RepeatPauseMsMin << Math.Min(repeats, 16), runtime.Options.RepeatPauseMsMax);
            var pause = TimeSpan.FromMilliseconds(pauseMs);
            if (Left(begun, patience) <= pause)
            {
                return new AppendOutcome(AppendStatus.Unknown, reason);
            }

            // The first is news; of the others the stall is.
            LogUndecided(
                Log, repeats == 0 ? LogLevel.Warning : LogLevel.Debug, owned.Id, Tail.Revision, pauseMs,
                reason);
            if (!isStalled && Left(begun, _unanswered) == TimeSpan.Zero)
            {
                isStalled = true;
                stalled(reason ?? "The journal gives no verdict.");
            }

            await Task.Delay(pause, runtime.Time, _abandoned.Token);
        }
    }

    /// <summary>Not below zero.</summary>
    private TimeSpan Left(long begun, TimeSpan of) =>
        of - runtime.Time.GetElapsedTime(begun) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <returns>False: not within that time.</returns>
    private async ValueTask<bool> EndsAsync(Task<AppendOutcome> attempt, TimeSpan within)
    {
        try
        {
            await attempt.WaitAsync(within, runtime.Time, _abandoned.Token);
            return true;
        }
        catch (TimeoutException) when (!attempt.IsCompleted)
        {
            return false;
        }
    }
}
