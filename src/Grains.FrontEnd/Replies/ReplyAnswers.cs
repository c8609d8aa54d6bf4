using Grains.Api;
using Grains.Api.Json;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Services;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Replies;

/// <summary>Waits for what comes of a message, and says it to who asked.</summary>
internal sealed class ReplyAnswers(ServiceCalls calls, WaitingRoom room)
{
    public const string MessageHeader = "Grains-Message";
    public const string AppliedHeader = "Preference-Applied";

    /// <summary>
    /// As <see cref="WaitAsync"/>, for a message that was accepted by this very request: whatever goes wrong with the waiting,
    /// that stays true, and is to be told.
    /// </summary>
    public async Task<ReplyFound> WaitAnywayAsync(HttpContext http, ServiceSnapshot service, MessageId message, long waitMs)
    {
        try
        {
            return await WaitAsync(http, service, message, waitMs);
        }
        catch (Exception e) when (e is RequestRefusedException or PartitionUnavailableException)
        {
            return new ReplyFound(ReplyStatus.Open);
        }
    }

    /// <summary>Until it is over, the wait is, the caller goes away, or the server is to end.</summary>
    public async Task<ReplyFound> WaitAsync(HttpContext http, ServiceSnapshot service, MessageId message, long waitMs)
    {
        using WaitingRoom.Place? place = room.Enter(http, waitMs);
        var get = new GetReply(service.Id, message) { WaitMs = place is null ? 0 : waitMs };
        ReplyFound found = await room.WaitAsync(
            http,
            place,
            over => calls.ExecuteAsync<ReplyFound>(service, message.Partition, get, ProblemCode.MessageNotFound, over).AsTask(),
            () => new ReplyFound(ReplyStatus.Open));
        return waitMs > 0 && place is null && found.Status == ReplyStatus.Open ? throw room.Full() : found;
    }

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
                    $"Message {message} expired, was cancelled or purged before anybody handled it. Send it again if it is still wanted.");
                return;
            default:
                await Answers.JsonAsync(http, StatusCodes.Status202Accepted,
                    new ReplyPending { Id = message.ToString(), Status = "open" }, WireJson.Context.ReplyPending);
                return;
        }
    }

    /// <summary>The message was accepted: that nothing was changed cannot be said.</summary>
    private static Task RefuseAsync(HttpContext http, ProblemCode code, string detail) =>
        ProblemAnswer.WriteAsync(http, new RequestRefusedException(code, detail) { Outcome = Outcome.Unknown });

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
