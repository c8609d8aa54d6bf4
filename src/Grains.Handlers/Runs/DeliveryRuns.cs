using System.Diagnostics;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Deliveries;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.Handlers.Hosted;
using Grains.Handlers.Nodes;
using Grains.Handlers.Push;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

/// <summary>Takes a delivery through its handler, and makes what came of it durable. Any thread.</summary>
internal sealed partial class DeliveryRuns(
    RunParts parts, HandlerOptions options, TimeProvider time, ILogger<DeliveryRuns> log)
{
    private static readonly TimeSpan _pauseMin = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _pauseMax = TimeSpan.FromSeconds(1);

    /// <summary>From now on its lease is prolonged; to be given to <see cref="RunAsync"/> or <see cref="LetGo"/>.</summary>
    public Run Hold(DeliveryGiven given) => parts.Keeper.Begin(given);

    /// <summary>Somebody else goes on with it.</summary>
    public void LetGo(Run run) => parts.Keeper.End(run);

    /// <summary>However it ends, its delivery has ended too, unless its partition did not answer for long.</summary>
    /// <param name="run">Ends with this.</param>
    /// <param name="work">The delivery, and whose it is.</param>
    /// <param name="known">The declaration, where it was just read; else it is looked up.</param>
    /// <param name="concluding">Called when the handler is done, before what came of it is stored.</param>
    public async Task<RunReport> RunAsync(Run run, NodeWork work, ServiceSnapshot? known = null, Action? concluding = null)
    {
        try
        {
            (ServiceSnapshot? service, string? trouble) = known is null ? await FindAsync(work) : (known, null);
            if (service is null || parts.Keeper.IsStopping)
            {
                return await RejectAsync(run, work.Service, null, new HandlerOutcome.Later(trouble ?? "The server is about to stop."));
            }

            run.Start(parts.Keeper.NowMs, service.Handler.TimeoutMs);
            long begun = time.GetTimestamp();
            using Activity? activity = RunTrace.Begin(service, work.Given);
            HandlerOutcome outcome = await HandleAsync(run, service);
            run.IsConcluding = true;
            concluding?.Invoke();
            RunReport report = await ConcludeAsync(run, service, outcome);
            RunTrace.End(activity, report);
            Count(service, report, time.GetElapsedTime(begun));
            return report;
        }
        finally
        {
            parts.Keeper.End(run);
        }
    }

    /// <summary>Nobody works on it any more: the messages go back.</summary>
    /// <param name="given">The delivery.</param>
    /// <param name="service">Whose it is.</param>
    /// <param name="why">For people.</param>
    /// <param name="counts">A handler may have been asked.</param>
    public async Task<RunReport> GiveBackAsync(DeliveryGiven given, ServiceSnapshot service, string why, bool counts)
    {
        Run run = Hold(given);
        try
        {
            return await RejectAsync(
                run, service.Name, service, counts ? new HandlerOutcome.Failed(why) : new HandlerOutcome.Later(why));
        }
        finally
        {
            LetGo(run);
        }
    }

    private async ValueTask<(ServiceSnapshot? Service, string? Trouble)> FindAsync(NodeWork work)
    {
        try
        {
            ServiceSnapshot? service = await parts.Catalog.FindServiceAsync(work.Service);
            return service is { Handler.Kind: not HandlerKind.Pull } && service.Id.Value == work.ServiceId
                ? (service, null)
                : (null, "The service was declared anew while the delivery was on its way.");
        }
        catch (Exception e)
        {
            // Whatever it was, on a server that is only just starting say: no handler was asked, so it is no attempt.
            return (null, $"The service's declaration could not be read: {e.Message}");
        }
    }

    /// <summary>Never longer than the run lasts, whatever the handler does.</summary>
    private async Task<HandlerOutcome> HandleAsync(Run run, ServiceSnapshot service)
    {
        try
        {
            // A push ends soon after it is cancelled, and knows whether it was an attempt. A class may do what it likes.
            HandlerOutcome outcome = service.Handler.Kind == HandlerKind.Push
                ? await parts.Push.HandleAsync(service, run)
                : await parts.Hosted.HandleAsync(service, run.Given, run.Cancel).WaitAsync(run.Cancel);
            return run.Reason == RunCancel.None || outcome is HandlerOutcome.Later ? outcome : Cancelled(run, service);
        }
        catch (OperationCanceledException) when (run.Reason != RunCancel.None)
        {
            return Cancelled(run, service);
        }
        catch (Exception e)
        {
            return new HandlerOutcome.Failed(Reasons.Of(e));
        }
    }

    private static HandlerOutcome Cancelled(Run run, ServiceSnapshot service) => run.Reason switch
    {
        RunCancel.Lost => new HandlerOutcome.Lost(),
        RunCancel.ServerStops => new HandlerOutcome.Later("The server that ran it was asked to stop."),
        _ => new HandlerOutcome.Failed($"no answer within {Durations.Write(service.Handler.TimeoutMs)} ('handler.timeout')"),
    };

    private async Task<RunReport> ConcludeAsync(Run run, ServiceSnapshot service, HandlerOutcome outcome)
    {
        if (outcome is HandlerOutcome.Commit commit)
        {
            outcome = await CommitAsync(run, service, commit);
        }

        return outcome switch
        {
            HandlerOutcome.Commit done => new RunReport(RunEnd.Committed, done.Ignored is { } said ? Reasons.Fit(said) : null),
            HandlerOutcome.Lost => new RunReport(RunEnd.Lost, "The delivery ended while its handler worked."),
            _ => await RejectAsync(run, service.Name, service, outcome),
        };
    }

    /// <returns>A commit that is durable, or what became of it instead.</returns>
    private async Task<HandlerOutcome> CommitAsync(Run run, ServiceSnapshot service, HandlerOutcome.Commit wanted)
    {
        CommitDelivery? command;
        try
        {
            var handle = new DeliveryHandle(run.Given.Delivery, service.Name);
            UInt128 hash = RunHash.Generate();
            command = await RepeatAsync(run, service.Name, async () => await new CommitTranslation(
                parts.Catalog, parts.Partitions.Slots, handle).TranslateAsync(wanted.Request, hash));
        }
        catch (Exception e)
        {
            // A refusal, or a fault of ours: either way the delivery is not left open until its lease ends.
            return new HandlerOutcome.Failed($"what it answered cannot be committed: {e.Message}");
        }

        Answer? answer = command is null ? null : await ExecuteAsync(run, service.Name, RunTrace.Continue(command, Activity.Current));
        return answer switch
        {
            Committed => wanted,
            null or Refused { Code: Refusal.DeliveryGone or Refusal.ServiceDeleted } => new HandlerOutcome.Lost(),
            Refused { Code: Refusal.PartitionFull } full =>
                new HandlerOutcome.Later($"what it answered could not be committed now: {full.Detail}"),
            Refused refused => new HandlerOutcome.Failed($"what it answered cannot be committed: {refused.Detail}"),
            { } other => throw new UnreachableException($"{other.GetType().Name} answers no commit."),
        };
    }

    /// <param name="run">The delivery.</param>
    /// <param name="name">Its service's.</param>
    /// <param name="service">Null: no back-off is known.</param>
    /// <param name="outcome">Failed, later or dead.</param>
    private async Task<RunReport> RejectAsync(Run run, string name, ServiceSnapshot? service, HandlerOutcome outcome)
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
        Answer? answer = await ExecuteAsync(run, name, new RejectDelivery
        {
            Delivery = run.Given.Delivery,
            DelayMs = Math.Max(delayMs ?? service?.BackoffMs ?? 0, floorMs),
            Backoff = backsOff ? service!.Backoff() : null,
            Reason = reason,
            DeadLetter = end == RunEnd.Dead,
            NotCounted = end == RunEnd.Later,
        });
        return new RunReport(answer is Rejected ? end : RunEnd.Lost, reason);
    }

    /// <summary>
    /// A partition tells a repeat of a commit from another, and refuses one of a delivery that has ended. Null: no answer for
    /// long, or the lease was lost meanwhile.
    /// </summary>
    private Task<Answer?> ExecuteAsync(Run run, string service, Command command) => RepeatAsync(run, service, async () =>
    {
        Answer answer = await parts.Partitions.ExecuteAsync(run.Given.Delivery.Partition, command, CancellationToken.None);
        return answer is Refused { Code: Refusal.Overloaded or Refusal.NotStored }
            ? throw Refusals.ToException(answer, ProblemCode.DeliveryGone)
            : answer;
    });

    /// <summary>Again while nothing is known of it, or there was no room for it, as long as the lease is held.</summary>
    private async Task<T?> RepeatAsync<T>(Run run, string service, Func<Task<T>> step)
        where T : class
    {
        long begun = time.GetTimestamp();
        TimeSpan pause = _pauseMin;
        while (true)
        {
            try
            {
                return await step();
            }
            catch (Exception e) when (e is PartitionUnavailableException
                or RequestRefusedException { Code: ProblemCode.Overloaded or ProblemCode.NotStored or ProblemCode.Unavailable })
            {
                if (run.Reason == RunCancel.Lost || time.GetElapsedTime(begun).TotalMilliseconds > options.CommitMsMax)
                {
                    LogNotConcluded(log, service, run.Given.Messages[0].Node, e.Message);
                    return null;
                }
            }

            await Task.Delay(pause, time);
            pause = pause < _pauseMax ? pause * 2 : _pauseMax;
        }
    }
}

/// <summary>What a run is made of.</summary>
internal sealed record RunParts(
    RunKeeper Keeper, DeclarationCatalog Catalog, IPartitions Partitions, PushHandler Push, HostedHandlers Hosted);
