using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Json;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Nodes;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Deliveries;

/// <summary>What workers do: receive, commit, renew, reject.</summary>
internal sealed class DeliveryRoutes(
    ServiceCalls calls, ServiceReceives receives, DeclarationCatalog catalog, WaitingRoom room, TimeProvider time)
{
    private const string _one = "/v1/deliveries/{delivery}";

    /// <summary>A receive of a paused service looks so often whether it still is.</summary>
    private const int _pausedMs = 250;

    public IEnumerable<ApiRoute> All =>
    [
        new("POST", "/v1/services/{service}/nodes/{node}/receive", Permission.Write, "Asks for a delivery, waiting for it", ReceiveAsync)
        {
            Body = typeof(ReceiveRequest),
            Answers = [new(200, "A delivery", typeof(Delivery)), new(204, "The wait is over")],
            Problems = [ProblemCode.ServiceNotFound],
        },
        new("POST", "/v1/services/{service}/receive", Permission.Write,
            "Asks for a delivery of any node of the service, waiting for it", ReceiveAnyAsync)
        {
            Body = typeof(ReceiveRequest),
            Answers = [new(200, "A delivery", typeof(Delivery)), new(204, "The wait is over")],
            Problems = [ProblemCode.ServiceNotFound],
        },
        new("POST", _one + ":commit", Permission.Write, "Ends a delivery with everything it did, as one record", CommitAsync)
        {
            Body = typeof(CommitRequest),
            Answers = [new(200, "Durable", typeof(CommitResult), Headers: ["Grains-Position", "Grains-Repeated"])],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound,
                ProblemCode.DeliveryGone, ProblemCode.NotHeld, ProblemCode.VersionMismatch, ProblemCode.CrossPartition,
                ProblemCode.PartitionFull, ProblemCode.FormatTooOld,
            ],
        },
        new("POST", _one + ":renew", Permission.Write, "Prolongs a delivery's lease", RenewAsync)
        {
            Body = typeof(RenewRequest),
            Answers = [new(200, "Prolonged", typeof(RenewResult))],
            Problems = [ProblemCode.BadId, ProblemCode.DeliveryGone],
        },
        new("POST", _one + ":reject", Permission.Write, "Gives a delivery's messages back", RejectAsync)
        {
            Body = typeof(RejectRequest),
            Answers = [new(200, "What became of them", typeof(RejectResult))],
            Problems = [ProblemCode.BadId, ProblemCode.DeliveryGone],
        },
    ];

    private async Task ReceiveAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        await ReceiveAsync(http, node, (service, receive, over) =>
            calls.ExecuteAsync(service.PartitionOf(calls.Slots, node), receive, over).AsTask());
    }

    private Task ReceiveAnyAsync(HttpContext http) => ReceiveAsync(
        http, Utf8Name.Empty, (_, receive, over) => receives.ReceiveAsync(receive, over));

    private async Task ReceiveAsync(
        HttpContext http, Utf8Name node, Func<ServiceSnapshot, Receive, CancellationToken, Task<Answer>> ask)
    {
        ReceiveRequest request = await JsonBody.ReadAsync(http, WireJson.Context.ReceiveRequest);
        int max = Fields.Int(request.Max, "max", 1, Limits.DeliveryMessages, 1);
        long waitMs = Fields.DurationMs(request.Wait, "wait", 0, Limits.WaitMs, 0);
        using WaitingRoom.Place? place = room.Enter(http, waitMs);
        bool hasNoPlace = waitMs > 0 && place is null;
        waitMs = hasNoPlace ? 0 : waitMs;
        long begun = time.GetTimestamp();
        ServiceSnapshot service = await FindOpenAsync(http, place, waitMs);
        waitMs = Math.Max(0, waitMs - (long)time.GetElapsedTime(begun).TotalMilliseconds);
        long leaseMs = Fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax, service.LeaseMs);
        if (service.Paused)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        var receive = new Receive
        {
            Service = service.Id,
            Node = node,
            MaxMessages = max,
            LeaseMs = leaseMs,
            WaitMs = waitMs,
            MaxAttempts = service.Attempts,
            ServiceName = service.Name,
        };
        Answer answer = await room.WaitAsync(http, place, over => ask(service, receive, over), () => new NothingToDeliver());
        switch (answer)
        {
            case DeliveryGiven given:
                await Answers.JsonAsync(http, StatusCodes.Status200OK,
                    DeliveryDocuments.Write(service, given), WireJson.Context.Delivery);
                return;
            case NothingToDeliver when hasNoPlace:
                await ProblemAnswer.WriteAsync(http, room.Full());
                return;
            case NothingToDeliver:
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            default:
                await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, service.Name, ProblemCode.NodeNotFound));
                return;
        }
    }

    /// <summary>The service, not paused any more; or as it is when the wait, or the server's life, is over.</summary>
    private async Task<ServiceSnapshot> FindOpenAsync(HttpContext http, WaitingRoom.Place? place, long waitMs)
    {
        long begun = time.GetTimestamp();
        ServiceSnapshot service = await calls.FindAsync(http);
        while (service.Paused && time.GetElapsedTime(begun).TotalMilliseconds < waitMs
            && place is { Sent.IsCancellationRequested: false } && !room.IsClosing)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Min(_pausedMs, waitMs)), time, http.RequestAborted);
            service = await calls.FindAsync(http);
        }

        return service;
    }

    private async Task CommitAsync(HttpContext http)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        JsonBody.RequireJson(http);
        byte[] body = await RequestBody.ReadAsync(http, Limits.CommitJsonBytes);
        CommitRequest request = JsonBody.Parse(body, WireJson.Context.CommitRequest);
        CommitDelivery command = await new CommitTranslation(catalog, calls.Slots, delivery)
            .TranslateAsync(request, MessageFingerprint.Of(body));
        Answer answer = await calls.ExecuteAsync(delivery.Id.Partition, command);
        if (answer is not Committed committed)
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, delivery.Service, ProblemCode.KeyNotFound));
            return;
        }

        string position = Position.Of(delivery.Id.Partition, committed).ToString();
        http.Response.Headers[Answers.PositionHeader] = position;
        if (committed.Repeated)
        {
            http.Response.Headers["Grains-Repeated"] = "true";
        }

        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new CommitResult
            {
                Revision = committed.Revision.Value,
                StateVersion = committed.StateVersion == Revision.None ? null : committed.StateVersion.Value,
                Position = position,
            },
            WireJson.Context.CommitResult);
    }

    private async Task RenewAsync(HttpContext http)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        RenewRequest request = await JsonBody.ReadAsync(http, WireJson.Context.RenewRequest);
        ServiceSnapshot? service = await catalog.FindServiceAsync(delivery.Service);
        long leaseMs = Fields.DurationMs(request.Lease, "lease", Limits.LeaseMsMin, Limits.LeaseMsMax,
            service?.LeaseMs ?? throw Gone("Its service was deleted."));
        Answer answer = await calls.ExecuteAsync(delivery.Id.Partition, new RenewDelivery(delivery.Id, leaseMs));
        if (answer is not Renewed renewed)
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, delivery.Service, ProblemCode.DeliveryGone));
            return;
        }

        await Answers.JsonAsync(http, StatusCodes.Status200OK,
            new RenewResult { Lease = Durations.Write(renewed.LeaseMs) }, WireJson.Context.RenewResult);
    }

    private async Task RejectAsync(HttpContext http)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        RejectRequest request = await JsonBody.ReadAsync(http, WireJson.Context.RejectRequest);
        if (request.Reason is { Length: > Limits.ReasonChars })
        {
            throw Fields.Refuse($"'reason' must be at most {Limits.ReasonChars} characters.");
        }

        ServiceSnapshot? service = await catalog.FindServiceAsync(delivery.Service);
        if (service is null)
        {
            throw Gone("Its service was deleted.");
        }

        Answer answer = await calls.ExecuteAsync(delivery.Id.Partition, new RejectDelivery
        {
            Delivery = delivery.Id,
            DelayMs = Fields.DurationMs(request.Delay, "delay", 0, Limits.DelayMs, service.BackoffMs),
            Backoff = request.Delay is null ? service.Backoff() : null,
            DeadLetter = request.DeadLetter ?? false,
            Reason = request.Reason,
        });
        if (answer is not Rejected rejected)
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, delivery.Service, ProblemCode.DeliveryGone));
            return;
        }

        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new RejectResult { Returned = rejected.Returned, DeadLettered = rejected.DeadLettered },
            WireJson.Context.RejectResult);
    }

    private DeliveryHandle DeliveryOf(HttpContext http)
    {
        DeliveryHandle delivery = DeliveryHandle.Parse(RequestPath.Of(http).SegmentBeforeVerb(2));
        return calls.Has(delivery.Id.Partition) ? delivery : throw Gone("This cluster has no partition of it.");
    }

    private static RequestRefusedException Gone(string why) => new(ProblemCode.DeliveryGone, why);
}
