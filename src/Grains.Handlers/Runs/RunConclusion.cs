using System.Diagnostics;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Deliveries;
using Grains.Operations.Errors;
using Grains.Operations.Syntax;
using Grains.StateMachines.Deliveries;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

/// <summary>Makes durable what came of a delivery.</summary>
internal sealed partial class RunConclusion(
    DeliveryOperations deliveries, HandlerOptions options, TimeProvider time, ILogger<RunConclusion> log)
{
    private static readonly TimeSpan _pauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _pauseMax = TimeSpan.FromSeconds(1);

    /// <summary>However it ends, the delivery has ended too, unless its partition did not answer for long.</summary>
    public async Task<RunReport> ConcludeAsync(Run run, ServiceSnapshot service, HandlerOutcome outcome)
    {
        if (outcome is HandlerOutcome.Commit commit)
        {
            outcome = await CommitAsync(run, service, commit);
        }

        return outcome switch
        {
            HandlerOutcome.Commit done =>
                new RunReport(RunEnd.Committed, done.Ignored is { } said ? Reasons.Fit(said) : null),
            HandlerOutcome.Lost => new RunReport(RunEnd.Lost, "The delivery ended while its handler worked."),
            _ => await RejectAsync(run, service.Name, service, outcome),
        };
    }

    /// <returns>A commit that is durable, or what became of it instead.</returns>
    private async Task<HandlerOutcome> CommitAsync(Run run, ServiceSnapshot service, HandlerOutcome.Commit wanted)
    {
        var delivery = new DeliveryHandle(run.Given.Delivery, service.Name);
        UInt128 hash = RunHash.Generate();
        Result<CommitDelivery> translated;
        try
        {
            translated = await RepeatAsync(
                run, service.Name, () => deliveries.TranslateAsync(Caller.Server, delivery, wanted.Request, hash));
        }
        catch (Exception e)
        {
            // A fault of ours: the delivery is not left open until its lease ends.
            return new HandlerOutcome.Failed($"what it answered cannot be committed: {e.Message}");
        }

        if (!translated.TryGet(out CommitDelivery? command, out OperationError? wrong))
        {
            return IsPassing(wrong)
                ? new HandlerOutcome.Lost()
                : new HandlerOutcome.Failed($"what it answered cannot be committed: {wrong.Detail}");
        }

        CommitDelivery traced = RunTrace.Continue(command, Activity.Current);
        Result<Placed<Committed>> result = await RepeatAsync(
            run, service.Name, () => deliveries.CommitAsync(Caller.Server, delivery, traced));
        return result.Error switch
        {
            null => wanted,
            { Code: ProblemCode.DeliveryGone or ProblemCode.ServiceNotFound } => new HandlerOutcome.Lost(),
            { Code: ProblemCode.PartitionFull } full =>
                new HandlerOutcome.Later($"what it answered could not be committed now: {full.Detail}"),
            var error when IsPassing(error) => new HandlerOutcome.Lost(),
            var error => new HandlerOutcome.Failed($"what it answered cannot be committed: {error.Detail}"),
        };
    }

    /// <param name="run">The delivery.</param>
    /// <param name="name">Its service's.</param>
    /// <param name="service">Null: no back-off is known.</param>
    /// <param name="outcome">Failed, later or dead.</param>
    public async Task<RunReport> RejectAsync(Run run, string name, ServiceSnapshot? service, HandlerOutcome outcome)
    {
        (RunEnd end, string reason, long? delayMs) = outcome switch
        {
            HandlerOutcome.Later later => (RunEnd.Later, later.Reason, later.DelayMs),
            HandlerOutcome.Dead dead => (RunEnd.Dead, dead.Reason, null),
            HandlerOutcome.Failed failed => (RunEnd.Failed, failed.Reason, null),
            _ => throw new UnreachableException($"{outcome.GetType().Name} rejects nothing."),
        };
        reason = Reasons.Fit(reason);
        LogNotHandled(log, name, run.Given.Messages[0].Node, end, reason);

        // What does not count is not bounded by attempts: never at once again.
        long floorMs = end == RunEnd.Later ? (long)_pauseMin.TotalMilliseconds : 0;
        bool backsOff = delayMs is null && service?.BackoffMs >= floorMs;
        var command = new RejectDelivery
        {
            Delivery = run.Given.Delivery,
            DelayMs = Math.Max(delayMs ?? service?.BackoffMs ?? 0, floorMs),
            Backoff = backsOff ? service!.Backoff() : null,
            Reason = reason,
            DeadLetter = end == RunEnd.Dead,
            NotCounted = end == RunEnd.Later,
        };
        var delivery = new DeliveryHandle(run.Given.Delivery, name);
        Result<Placed<Rejected>> result = await RepeatAsync(
            run, name, () => deliveries.RejectAsync(Caller.Server, delivery, command));
        return new RunReport(result.Error is null ? end : RunEnd.Lost, reason);
    }

    /// <summary>
    /// Again while nothing is known of it, or there was no room for it, as long as the lease is held. A partition tells
    /// a repeat of a commit from another, and refuses one of a delivery that has ended.
    /// </summary>
    private async Task<Result<T>> RepeatAsync<T>(Run run, string service, Func<ValueTask<Result<T>>> step)
        where T : notnull
    {
        long begun = time.GetTimestamp();
        TimeSpan pause = _pauseMin;
        while (true)
        {
            Result<T> result = await step();
            if (result.Error is not { } error || !IsPassing(error))
            {
                return result;
            }

            if (run.Reason == RunCancel.Lost || time.GetElapsedTime(begun).TotalMilliseconds > options.CommitMsMax)
            {
                LogNotConcluded(log, service, run.Given.Messages[0].Node, error.Detail);
                return result;
            }

            await Task.Delay(pause, time);
            pause = pause < _pauseMax ? pause * 2 : _pauseMax;
        }
    }

    /// <summary>
    /// Nothing is known of what became of it, or there was no room for it: a moment later there may be.
    /// </summary>
    private static bool IsPassing(OperationError error) =>
        error.Code is ProblemCode.Overloaded or ProblemCode.NotStored or ProblemCode.Unavailable;
}
