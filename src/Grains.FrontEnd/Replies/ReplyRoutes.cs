using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Nodes;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Ids;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Replies;

/// <summary>What came of a message, for who sent it.</summary>
internal sealed class ReplyRoutes(ServiceCalls calls, ReplyAnswers replies)
{
    public IEnumerable<ApiRoute> All =>
    [
        new("GET", "/v1/services/{service}/messages/{message}/reply", Permission.Read, "The reply to a message, waiting for it", GetAsync)
        {
            Query = ["wait"],
            Answers =
            [
                new(200, "The reply, as the handler gave it", MediaType: "*/*", Headers: [ReplyAnswers.MessageHeader, "Grains-Type"]),
                new(202, "It may still come", typeof(ReplyPending), Headers: [ReplyAnswers.MessageHeader]),
                new(204, "The message was over already, and there is no reply, or none any more", Headers: [ReplyAnswers.MessageHeader]),
            ],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound, ProblemCode.DeadLetter,
                ProblemCode.MessageDropped, ProblemCode.FormatTooOld,
            ],
        },
    ];

    private async Task GetAsync(HttpContext http)
    {
        MessageId id = MessageRoutes.MessageOf(RequestPath.Of(http).Segment(4), calls);
        long waitMs = Query.Of(http, "wait").DurationMs("wait", Limits.WaitMs);
        ServiceSnapshot service = await calls.FindAsync(http);
        await ReplyAnswers.WriteAsync(http, id, await replies.WaitAsync(http, service, id, waitMs));
    }
}
