using System.Diagnostics;
using Grains.Api.Deliveries;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Deliveries;
using Grains.FrontEnd.Problems;
using Grains.Handlers.Hosted;
using Grains.Handlers.Nodes;
using Grains.Handlers.Push;
using Grains.Silo.Partitions;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Partitions;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Runs;

/// <summary>Takes a delivery through its handler, and makes what came of it durable. Any thread.</summary>
internal sealed partial class DeliveryRuns(
    RunParts parts, HandlerOptions options, TimeProvider time, ILogger<DeliveryRuns> log)
{
    private static readonly TimeSpan _pauseMin = TimeSpan.FromMilliseconds(50);

    /// <param name="work">The delivery.</param>
    /// <param name="concluding">Called when the handler is done, before what came of it is stored.</param>
    public async Task<RunReport> RunAsync(NodeWork work, Action? concluding = null)
    {
        if (await FindAsync(work) is not { } service)
        {
            return await GiveBackAsync(work.Given, "The service was declared anew while the delivery was on its way.");
        }

        Run run = parts.Keeper.Begin(work.Given, service.Handler.TimeoutMs);
        long begun = time.GetTimestamp();
        try
        {
            HandlerOutcome outcome = await HandleAsync(run, service);
            run.IsConcluding = true;
            concluding?.Invoke();
            RunReport report = await ConcludeAsync(run, service, outcome);
            Count(service, report, time.GetElapsedTime(begun));
            return report;
        }
        finally
        {
            parts.Keeper.End(run);
        }
    }

    /// <summary>No handler was asked: the messages go back, and nothing counts.</summary>
    public async Task<RunReport> GiveBackAsync(DeliveryGiven given, string why)
    {
        await parts.Partitions.ExecuteAsync(
            given.Delivery.Partition,
            new RejectDelivery { Delivery = given.Delivery, DelayMs = (long)_pauseMin.TotalMilliseconds, Reason = why, NotCounted = true },
            CancellationToken.None);
        return new RunReport(RunEnd.Later, why);
    }

    /// <summary>Null: deleted, or another one by now, or nothing that a server runs.</summary>
    private async ValueTask<ServiceSnapshot?> FindAsync(NodeWork work)
    {
        ServiceSnapshot? service = await parts.Catalog.FindServiceAsync(work.Service);
        return service is { Handler.Kind: not HandlerKind.Pull } && service.Id.Value == work.ServiceId ? service : null;
    }

    /// <summary>Never longer than the run lasts, whatever the handler does.</summary>
    private async Task<HandlerOutcome> HandleAsync(Run run, ServiceSnapshot service)
    {
        try
        {
            Task<HandlerOutcome> handling = service.Handler.Kind == HandlerKind.Push
                ? parts.Push.HandleAsync(service, run.Given, run.Cancel)
                : parts.Hosted.HandleAsync(service, run.Given, run.Cancel);
            HandlerOutcome outcome = await handling.WaitAsync(run.Cancel);
            return run.Reason == RunCancel.None ? outcome : Cancelled(run, service);
        }
        catch (OperationCanceledException) when (run.Cancel.IsCancellationRequested)
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
        _ => new HandlerOutcome.Failed(
            $"no answer within {FrontEnd.Requests.Durations.Write(service.Handler.TimeoutMs)} ('handler.timeout')"),
    };

    private async Task<RunReport> ConcludeAsync(Run run, ServiceSnapshot service, HandlerOutcome outcome)
    {
        if (outcome is HandlerOutcome.Commit commit)
        {
            outcome = await CommitAsync(run, service, commit.Request);
        }

        return outcome switch
        {
            HandlerOutcome.Commit => new RunReport(RunEnd.Committed, null),
            HandlerOutcome.Lost => new RunReport(RunEnd.Lost, "The delivery ended while its handler worked."),
            HandlerOutcome.Later later => await RejectAsync(run, service, RunEnd.Later, later.Reason, later.DelayMs),
            HandlerOutcome.Dead dead => await RejectAsync(run, service, RunEnd.Dead, dead.Reason),
            HandlerOutcome.Failed failed => await RejectAsync(run, service, RunEnd.Failed, failed.Reason),
            _ => throw new UnreachableException($"{outcome.GetType().Name} is no outcome."),
        };
    }

    /// <returns>A commit that is durable, or what became of it instead.</returns>
    private async Task<HandlerOutcome> CommitAsync(Run run, ServiceSnapshot service, CommitRequest request)
    {
        CommitDelivery command;
        try
        {
            var handle = new DeliveryHandle(run.Given.Delivery, service.Name);
            command = await new CommitTranslation(parts.Catalog, parts.Partitions.Slots, handle)
                .TranslateAsync(request, RunHash.Draw());
        }
        catch (RequestRefusedException e)
        {
            return new HandlerOutcome.Failed($"what it answered cannot be committed: {e.Message}");
        }

        return await ExecuteAsync(run, service, command) switch
        {
            Committed => new HandlerOutcome.Commit(request),
            Refused { Code: Refusal.DeliveryGone or Refusal.ServiceDeleted } => new HandlerOutcome.Lost(),
            Refused { Code: Refusal.PartitionFull or Refusal.Overloaded or Refusal.NotStored } full =>
                new HandlerOutcome.Later($"what it answered could not be committed now: {full.Detail}"),
            Refused refused => new HandlerOutcome.Failed($"what it answered cannot be committed: {refused.Detail}"),
            null => new HandlerOutcome.Lost(),
            { } other => throw new UnreachableException($"{other.GetType().Name} answers no commit."),
        };
    }

    private async Task<RunReport> RejectAsync(
        Run run, ServiceSnapshot service, RunEnd end, string reason, long? delayMs = null)
    {
        LogNotHandled(log, service.Name, run.Given.Messages[0].Node, end, reason);
        Answer? answer = await ExecuteAsync(run, service, new RejectDelivery
        {
            Delivery = run.Given.Delivery,
            DelayMs = delayMs ?? 0,
            Backoff = delayMs is null ? service.Backoff() : null,
            Reason = Reasons.Fit(reason),
            DeadLetter = end == RunEnd.Dead,
            NotCounted = end == RunEnd.Later,
        });
        return answer is Rejected ? new RunReport(end, reason) : new RunReport(RunEnd.Lost, reason);
    }

    /// <summary>
    /// Repeats what found no answer: the partition tells a repeat of a commit, and a delivery that ended refuses one.
    /// Null: no answer for long, or the lease was lost meanwhile.
    /// </summary>
    private async Task<Answer?> ExecuteAsync(Run run, ServiceSnapshot service, Command command)
    {
        long begun = time.GetTimestamp();
        TimeSpan pause = _pauseMin;
        while (true)
        {
            try
            {
                return await parts.Partitions.ExecuteAsync(run.Given.Delivery.Partition, command, CancellationToken.None);
            }
            catch (PartitionUnavailableException e)
            {
                if (run.Reason == RunCancel.Lost || time.GetElapsedTime(begun).TotalMilliseconds > options.CommitMsMax)
                {
                    LogNotConcluded(log, service.Name, run.Given.Messages[0].Node, e.Message);
                    return null;
                }
            }

            await Task.Delay(pause, time);
            pause = pause < TimeSpan.FromSeconds(1) ? pause * 2 : pause;
        }
    }
}

/// <summary>What a run is made of.</summary>
internal sealed record RunParts(
    RunKeeper Keeper, DeclarationCatalog Catalog, IPartitions Partitions, PushHandler Push, HostedHandlers Hosted);
