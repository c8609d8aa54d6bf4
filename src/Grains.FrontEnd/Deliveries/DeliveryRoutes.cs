using Grains.Api;
using Grains.Api.Deliveries;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Deliveries;
using Grains.Operations.Errors;
using Grains.Operations.Messages;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Deliveries;

/// <summary>What workers do: receive, commit, renew, reject.</summary>
internal sealed class DeliveryRoutes(ReceiveOperations receives, DeliveryOperations deliveries) : IRoutes
{
    private const string _one = "/v1/deliveries/{delivery}";

    public IEnumerable<ApiRoute> All =>
    [
        new(
            "POST", "/v1/services/{service}/nodes/{node}/receive", Permission.Write,
            "Receives a delivery, waiting if asked to", ReceiveAsync)
        {
            IsFrequent = true,
            Body = typeof(ReceiveRequest),
            Answers = [new(200, "A delivery", typeof(Delivery)), new(204, "The wait is over")],
            Problems = [ProblemCode.ServiceNotFound],
        },
        new("POST", "/v1/services/{service}/receive", Permission.Write,
            "Receives a delivery of any node of the service, waiting if asked to", ReceiveAnyAsync)
        {
            IsFrequent = true,
            Body = typeof(ReceiveRequest),
            Answers = [new(200, "A delivery", typeof(Delivery)), new(204, "The wait is over")],
            Problems = [ProblemCode.ServiceNotFound],
        },
        new(
            "POST", _one + ":commit", Permission.Write, "Commits a delivery and all its effects, as one record",
            CommitAsync)
        {
            IsFrequent = true,
            Body = typeof(CommitRequest),
            Answers = [new(200, "Durable", typeof(CommitResult), Headers: ["Grains-Position", "Grains-Repeated"])],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.KeyspaceNotFound, ProblemCode.KeyNotFound,
                ProblemCode.DeliveryGone, ProblemCode.NotHeld, ProblemCode.VersionMismatch, ProblemCode.CrossPartition,
                ProblemCode.PartitionFull, ProblemCode.FormatTooOld,
            ],
        },
        new("POST", _one + ":renew", Permission.Write, "Renews a delivery's lease", RenewAsync)
        {
            Body = typeof(RenewRequest),
            Answers = [new(200, "Renewed", typeof(RenewResult))],
            Problems = [ProblemCode.BadId, ProblemCode.DeliveryGone],
        },
        new("POST", _one + ":reject", Permission.Write, "Rejects a delivery's messages", RejectAsync)
        {
            Body = typeof(RejectRequest),
            Answers = [new(200, "How many were returned and dead-lettered", typeof(RejectResult))],
            Problems = [ProblemCode.BadId, ProblemCode.DeliveryGone],
        },
    ];

    private Task ReceiveAsync(HttpContext http, Caller caller) => ReceiveAsync(http, caller, PathNames.NodeOf(http));

    private Task ReceiveAnyAsync(HttpContext http, Caller caller) =>
        ReceiveAsync(http, caller, new NodeAddress(RequestPath.Of(http).Segment(2).ToString(), Utf8Name.Empty));

    private async Task ReceiveAsync(HttpContext http, Caller caller, NodeAddress node)
    {
        ReceiveRequest request = await JsonBody.ReadAsync(http, WireJson.Context.ReceiveRequest);
        Result<Received> result = await receives.ReceiveAsync(caller, node, request, http.RequestAborted);
        if (!result.TryGet(out Received received, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        if (received.Given is not { } given)
        {
            http.Response.StatusCode = StatusCodes.Status204NoContent;
            return;
        }

        await Answers.JsonAsync(
            http, StatusCodes.Status200OK, DeliveryDocuments.Write(received.Service, given), WireJson.Context.Delivery);
    }

    private async Task CommitAsync(HttpContext http, Caller caller)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        JsonBody.RequireJson(http);
        byte[] body = await RequestBody.ReadAsync(http, Limits.CommitJsonBytes);
        if (!JsonText.Parse(body, WireJson.Context.CommitRequest).TryGet(
            out CommitRequest? request, out OperationError? bad))
        {
            await ProblemAnswer.WriteAsync(http, bad);
            return;
        }

        Result<Placed<Committed>> result = await deliveries.CommitAsync(
            caller, delivery, request, MessageFingerprint.Of(body));
        if (!result.TryGet(out Placed<Committed> placed, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        Committed committed = placed.Answer;
        string position = Answers.SetPosition(http, placed.Position);
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

    private async Task RenewAsync(HttpContext http, Caller caller)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        RenewRequest request = await JsonBody.ReadAsync(http, WireJson.Context.RenewRequest);
        Result<Placed<Renewed>> result = await deliveries.RenewAsync(caller, delivery, request);
        await (result.TryGet(out Placed<Renewed> renewed, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new RenewResult { Lease = Durations.Write(renewed.Answer.LeaseMs) },
                WireJson.Context.RenewResult)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task RejectAsync(HttpContext http, Caller caller)
    {
        DeliveryHandle delivery = DeliveryOf(http);
        RejectRequest request = await JsonBody.ReadAsync(http, WireJson.Context.RejectRequest);
        Result<Placed<Rejected>> result = await deliveries.RejectAsync(caller, delivery, request);
        await (result.TryGet(out Placed<Rejected> rejected, out OperationError? error)
            ? Answers.JsonAsync(
                http,
                StatusCodes.Status200OK,
                new RejectResult { Returned = rejected.Answer.Returned, DeadLettered = rejected.Answer.DeadLettered },
                WireJson.Context.RejectResult)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private static DeliveryHandle DeliveryOf(HttpContext http) =>
        DeliveryHandle.Parse(RequestPath.Of(http).SegmentBeforeVerb(2)).OrRefuse();
}
