using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.Operations.Errors;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Replies;

/// <summary>What came of a message, as an answer to who asked.</summary>
internal static class ReplyAnswers
{
    public const string MessageHeader = "Grains-Message";
    public const string AppliedHeader = "Preference-Applied";

    public static async Task WriteAsync(HttpContext http, MessageId message, ReplyFound found)
    {
        http.Response.Headers[MessageHeader] = message.ToString();
        switch (found.Status)
        {
            case ReplyStatus.Replied:
                await WriteAsync(http, found.Content!);
                return;
            case ReplyStatus.Finished:
                http.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            case ReplyStatus.Dead:
                await RefuseAsync(http, ProblemCode.DeadLetter, found.Reason ?? "It was given up.");
                return;
            case ReplyStatus.Dropped:
                await RefuseAsync(http, ProblemCode.MessageDropped,
                    $"Message {message} expired, was cancelled or purged before anybody handled it. Send it again if "
                    + "it is still wanted.");
                return;
            default:
                await Answers.JsonAsync(http, StatusCodes.Status202Accepted,
                    new ReplyPending { Id = message.ToString(), Status = "open" }, WireJson.Context.ReplyPending);
                return;
        }
    }

    /// <summary>The message was accepted: that nothing was changed cannot be said.</summary>
    private static Task RefuseAsync(HttpContext http, ProblemCode code, string detail) =>
        ProblemAnswer.WriteAsync(http, new OperationError(code, detail) { Outcome = Outcome.Unknown });

    private static Task WriteAsync(HttpContext http, MessageContent content)
    {
        http.Response.StatusCode = StatusCodes.Status200OK;
        if (content.Type is { } type)
        {
            http.Response.Headers["Grains-Type"] = type;
        }

        foreach (MessageHeader header in content.Headers)
        {
            http.Response.Headers[header.Name] = header.Value;
        }

        return Answers.ContentAsync(http, content.Body, content.ContentType);
    }
}
