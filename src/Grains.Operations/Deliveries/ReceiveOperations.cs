using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.Operations.Waits;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;

namespace Grains.Operations.Deliveries;

/// <summary>How workers get deliveries: of one node, or of any node of a service; waiting, if they like.</summary>
public sealed class ReceiveOperations(
    IPartitions partitions, DeclarationCatalog catalog, ServiceReceives receives, WaitingRoom room, TimeProvider time)
{
    /// <summary>A receive of a paused service looks so often whether it still is.</summary>
    private const int _pausedMs = 250;

    /// <param name="caller">Who asks.</param>
    /// <param name="node">The node; an empty id stands for any of the service.</param>
    /// <param name="request">How many messages, for how long, and how long to wait.</param>
    /// <param name="gone">The caller went away.</param>
    /// <exception cref="OperationCanceledException">The caller went away.</exception>
    public async Task<Result<Received>> ReceiveAsync(
        Caller caller, NodeAddress node, ReceiveRequest request, CancellationToken gone)
    {
        var fields = new Fields();
        int max = fields.Int(request.Max, "max", 1, Limits.DeliveryMessages, 1);
        long waitMs = fields.DurationMs(request.Wait, "wait", 0, Limits.WaitMs, 0);
        if ((caller.Refuse(Permission.Write) ?? fields.Error) is { } refused)
        {
            return refused;
        }

        using WaitingRoom.Place? place = room.Enter(caller, waitMs);
        bool hasNoPlace = waitMs > 0 && place is null;
        waitMs = hasNoPlace ? 0 : waitMs;
        long begun = time.GetTimestamp();
        if (!(await FindOpenAsync(node.Service, place, waitMs, gone)).TryGet(
            out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        var receive = new Receive
        {
            Service = service.Id,
            Node = node.Node,
            MaxMessages = max,
            LeaseMs = fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, service.LeaseMs),
            WaitMs = Math.Max(0, waitMs - (long)time.GetElapsedTime(begun).TotalMilliseconds),
            MaxAttempts = service.Attempts,
            ServiceName = service.Name,
        };
        if (fields.Error is { } wrong)
        {
            return wrong;
        }

        if (service.Paused)
        {
            return new Received(service, null);
        }

        Result<Answer> result = await room.WaitAsync<Answer>(
            place, over => AskAsync(service, receive, over), new NothingToDeliver(), gone);
        return !result.TryGet(out Answer? answer, out OperationError? none) ? none
            : answer is DeliveryGiven given ? new Received(service, given)
            : hasNoPlace ? room.Full()
            : new Received(service, null);
    }

    /// <summary>A delivery, or <see cref="NothingToDeliver"/>; everything else is a refusal.</summary>
    private async Task<Result<Answer>> AskAsync(ServiceSnapshot service, Receive receive, CancellationToken over)
    {
        try
        {
            Answer answer = receive.Node.Length == 0
                ? await receives.ReceiveAsync(receive, over)
                : await partitions.ExecuteAsync(service.PartitionOf(partitions.Slots, receive.Node), receive, over);
            return answer is DeliveryGiven or NothingToDeliver
                ? answer
                : catalog.Refuse(answer, service.Name, ProblemCode.NodeNotFound);
        }
        catch (Exception e) when (Refusals.Of(e) is { } refused)
        {
            return refused;
        }
    }

    /// <summary>The service, not paused any more; or as it is when the wait, or the server's life, is over.</summary>
    private async Task<Result<ServiceSnapshot>> FindOpenAsync(
        string name, WaitingRoom.Place? place, long waitMs, CancellationToken gone)
    {
        long begun = time.GetTimestamp();
        Result<ServiceSnapshot> found = await catalog.FindServiceAsync(name);
        while (found.TryGet(out ServiceSnapshot? service, out _) && service.Paused
            && time.GetElapsedTime(begun).TotalMilliseconds < waitMs
            && place is { Sent.IsCancellationRequested: false } && !room.IsClosing)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(_pausedMs, waitMs)), time, gone);
            found = await catalog.FindServiceAsync(name);
        }

        return found;
    }
}

/// <summary>What a receive came to.</summary>
/// <param name="Service">As declared.</param>
/// <param name="Given">Null = there was nothing for as long as it waited.</param>
public readonly record struct Received(ServiceSnapshot Service, DeliveryGiven? Given);
