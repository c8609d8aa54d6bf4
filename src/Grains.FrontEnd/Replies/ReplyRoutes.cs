using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Replies;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Replies;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Replies;

/// <summary>What came of a message, for who sent it.</summary>
internal sealed class ReplyRoutes(ReplyOperations replies) : IRoutes
{
    public IEnumerable<ApiRoute> All =>
    [
        new(
            "GET", "/v1/services/{service}/messages/{message}/reply", Permission.Read,
            "The reply to a message, waiting if asked to", GetAsync)
        {
            Query = ["wait"],
            Answers =
            [
                new(
                    200, "The handler's reply", MediaType: "*/*",
                    Headers: [ReplyAnswers.MessageHeader, "Grains-Type"]),
                new(202, "No outcome yet", typeof(ReplyPending), Headers: [ReplyAnswers.MessageHeader]),
                new(
                    204, "Handled without a reply, or it is no longer kept",
                    Headers: [ReplyAnswers.MessageHeader]),
            ],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound, ProblemCode.DeadLetter,
                ProblemCode.MessageDropped, ProblemCode.FormatTooOld,
            ],
        },
    ];

    private async Task GetAsync(HttpContext http, Caller caller)
    {
        MessageId id = PathNames.Message(RequestPath.Of(http).Segment(4));
        long waitMs = Query.Of(http, "wait").DurationMs("wait", Limits.WaitMs);
        Result<ReplyFound> result = await replies.WaitAsync(
            caller, RequestPath.Of(http).Segment(2).ToString(), id, waitMs, http.RequestAborted);
        await (result.TryGet(out ReplyFound? found, out OperationError? error)
            ? ReplyAnswers.WriteAsync(http, id, found)
            : ProblemAnswer.WriteAsync(http, error));
    }
}
