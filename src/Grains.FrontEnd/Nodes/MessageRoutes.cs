using Grains.Api;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Replies;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Messages;
using Grains.Operations.Replies;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Nodes;

/// <summary>Messages: send, status, mailbox, dead letters.</summary>
internal sealed class MessageRoutes(MessageOperations messages, ReplyOperations replies) : IRoutes
{
    private const string _node = "/v1/services/{service}/nodes/{node}";

    public IEnumerable<ApiRoute> All =>
    [
        new("POST", _node + "/messages", Permission.Write, "Sends a message to a node", SendAsync)
        {
            IsFrequent = true,
            RawBody = true,
            Query = ["delay", "at", "ttl"],
            Headers = ["Content-Type", "Grains-Type", HopsSeal.Header, "traceparent", "Idempotency-Key", "Prefer"],
            Answers =
            [
                new(202, "Durable", typeof(SendResult), Headers:
                    ["Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader]),
                new(200, "With Prefer: wait, the handler's reply", MediaType: "*/*", Headers:
                [
                    "Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader,
                    "Grains-Type",
                ]),
                new(204, "With Prefer: wait, handled without a reply, or it is no longer kept", Headers:
                    ["Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader]),
            ],
            Problems =
            [
                ProblemCode.ServiceNotFound, ProblemCode.IdempotencyMismatch, ProblemCode.MailboxFull,
                ProblemCode.PartitionFull, ProblemCode.FormatTooOld, ProblemCode.DeadLetter, ProblemCode.MessageDropped,
            ],
        },
        new(
            "DELETE", "/v1/services/{service}/messages/{message}", Permission.Write, "Cancels an undelivered message",
            CancelAsync)
        {
            Answers = [new(204, "Cancelled")],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound,
                ProblemCode.MessageDelivered,
                ProblemCode.FormatTooOld,
            ],
        },
        new("GET", "/v1/services/{service}/messages/{message}", Permission.Read, "The status of a message", StatusAsync)
        {
            Query = [ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "Its status", typeof(MessageStatusDocument), Headers: ReadParameters.Header)],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound, ProblemCode.HistoryChanged,
            ],
        },
        new("GET", _node + "/mailbox", Permission.Read, "Waiting and leased messages, in order", MailboxAsync)
        {
            Query = ["after", "limit", ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new(
            "GET", _node + "/delayed", Permission.Read,
            "Messages that are not due yet, in order of acceptance", DelayedAsync)
        {
            Query = ["after", "limit", ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("GET", _node + "/dead", Permission.Read, "Dead letters, in order", DeadAsync)
        {
            Query = ["after", "limit", ReadParameters.Read, ReadParameters.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: ReadParameters.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new(
            "POST", _node + "/dead:retry", Permission.Write, "Moves all dead letters to the mailbox's tail, in order",
            RetryAllAsync)
        {
            Answers = [new(200, "How many", typeof(SettleResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new("POST", _node + "/dead:discard", Permission.Admin, "Deletes all dead letters", DiscardAllAsync)
        {
            Answers = [new(200, "How many", typeof(SettleResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new(
            "POST", _node + "/dead/{message}:retry", Permission.Write, "Moves a dead letter to the mailbox's tail",
            RetryAsync)
        {
            Answers = [new(204, "It waits again")],
            Problems = [ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound],
        },
        new("POST", _node + "/dead/{message}:discard", Permission.Admin, "Deletes a dead letter", DiscardAsync)
        {
            Answers = [new(204, "Deleted")],
            Problems = [ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound],
        },
    ];

    private async Task SendAsync(HttpContext http, Caller caller)
    {
        Utf8Name node = PathNames.Node(RequestPath.Of(http).Segment(4));
        long waitMs = Preferences.WaitMs(http.Request.Headers);
        MessageSend send = await ReadAsync(http);
        Result<Placed<MessageAccepted>> result = await messages.SendAsync(
            caller, RequestPath.Of(http).Segment(2), node, send);
        if (!result.TryGet(out Placed<MessageAccepted> accepted, out OperationError? error))
        {
            await ProblemAnswer.WriteAsync(http, error);
            return;
        }

        // Of a repeat, the position of now: at least as far as that of the first answer.
        MessageId id = accepted.Answer.Message;
        string position = Answers.SetPosition(http, accepted.Position);
        if (accepted.Answer.Repeated)
        {
            http.Response.Headers["Grains-Repeated"] = "true";
        }

        if (waitMs > 0 && await WaitAsync(http, caller, id, waitMs) is { } found)
        {
            await ReplyAnswers.WriteAsync(http, id, found);
            return;
        }

        await Answers.JsonAsync(
            http,
            StatusCodes.Status202Accepted,
            new SendResult { Id = id.ToString(), Position = position },
            WireJson.Context.SendResult);
    }

    private static async Task<MessageSend> ReadAsync(HttpContext http)
    {
        Query query = Query.Of(http, "delay", "at", "ttl");
        IHeaderDictionary headers = http.Request.Headers;
        var content = new MessageContent
        {
            Body = [],
            ContentType = RequestHeaders.ContentType(http),
            Type = RequestHeaders.Single(headers["Grains-Type"], "Grains-Type", Limits.MessageTypeChars),
            Headers = KeptHeaders.Of(headers),
        };
        var send = new MessageSend(
            content,
            IdempotencyKeyOf(headers),
            query.Due(),
            query.TtlMs(),
            headers[HopsSeal.Header] is [{ } hops] ? hops : null);
        return send with { Content = content with { Body = await RequestBody.ReadAsync(http, Limits.ContentBytes) } };
    }

    /// <summary>
    /// The message is accepted, and stays so whatever goes wrong with the waiting. Null: nothing is known of it yet.
    /// </summary>
    private async Task<ReplyFound?> WaitAsync(HttpContext http, Caller caller, MessageId message, long waitMs)
    {
        http.Response.Headers[ReplyAnswers.AppliedHeader] = "wait";
        http.Response.Headers[ReplyAnswers.MessageHeader] = message.ToString();
        Result<ReplyFound> result = await replies.WaitAsync(
            caller, ServiceOf(http), message, waitMs, http.RequestAborted);
        return result.TryGet(out ReplyFound? found, out _) && found.Status != ReplyStatus.Open ? found : null;
    }

    private async Task StatusAsync(HttpContext http, Caller caller)
    {
        MessageId id = PathNames.Message(RequestPath.Of(http).Segment(4));
        Result<Placed<MessageFound>> result = await messages.FindAsync(
            caller, ServiceOf(http), id, ReadParameters.Of(http));
        await (result.TryGet(out Placed<MessageFound> found, out OperationError? error)
            ? Answers.JsonAsync(
                http, StatusCodes.Status200OK, Document(id, found.Answer), WireJson.Context.MessageStatusDocument)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private async Task CancelAsync(HttpContext http, Caller caller)
    {
        MessageId id = PathNames.Message(RequestPath.Of(http).Segment(4));
        Result<Placed<Done>> result = await messages.CancelAsync(caller, ServiceOf(http), id);
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private Task MailboxAsync(HttpContext http, Caller caller) => ListAsync(http, caller, MailboxPart.Waiting);

    private Task DelayedAsync(HttpContext http, Caller caller) => ListAsync(http, caller, MailboxPart.Delayed);

    private Task DeadAsync(HttpContext http, Caller caller) => ListAsync(http, caller, MailboxPart.Dead);

    private async Task ListAsync(HttpContext http, Caller caller, MailboxPart which)
    {
        NodeAddress node = PathNames.NodeOf(http);
        Query query = Query.Of(http, "after", "limit", ReadParameters.Read, ReadParameters.Since);
        var range = new MessageRange(which, query.Message("after"), query.Limit(), ReadParameters.Of(http, query));
        Result<Placed<MessagePage>> result = await messages.ListAsync(caller, node, range, http.RequestAborted);
        await (result.TryGet(out Placed<MessagePage> page, out OperationError? error)
            ? Answers.JsonAsync(http, StatusCodes.Status200OK, Document(page.Answer), WireJson.Context.MessageList)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private Task RetryAsync(HttpContext http, Caller caller) => SettleAsync(http, caller, retry: true);

    private Task DiscardAsync(HttpContext http, Caller caller) => SettleAsync(http, caller, retry: false);

    private async Task SettleAsync(HttpContext http, Caller caller, bool retry)
    {
        NodeAddress node = PathNames.NodeOf(http);
        MessageId id = PathNames.Message(RequestPath.Of(http).SegmentBeforeVerb(6));
        Result<Placed<Done>> result = await messages.SettleAsync(caller, node, id, retry);
        await Answers.EmptyAsync(http, StatusCodes.Status204NoContent, result.Error);
    }

    private Task RetryAllAsync(HttpContext http, Caller caller) => SettleAllAsync(http, caller, retry: true);

    private Task DiscardAllAsync(HttpContext http, Caller caller) => SettleAllAsync(http, caller, retry: false);

    private async Task SettleAllAsync(HttpContext http, Caller caller, bool retry)
    {
        Result<int> result = await messages.SettleAllAsync(caller, PathNames.NodeOf(http), retry, http.RequestAborted);
        await (result.TryGet(out int count, out OperationError? error)
            ? Answers.JsonAsync(
                http, StatusCodes.Status200OK, new SettleResult { Settled = count }, WireJson.Context.SettleResult)
            : ProblemAnswer.WriteAsync(http, error));
    }

    private static string ServiceOf(HttpContext http) => RequestPath.Of(http).Segment(2).ToString();

    private static string? IdempotencyKeyOf(IHeaderDictionary headers)
    {
        string? key = RequestHeaders.Single(headers["Idempotency-Key"], "Idempotency-Key", Limits.IdempotencyKeyChars);
        bool given = headers.ContainsKey("Idempotency-Key");
        return given && (key is null || key.Contains(' '))
            ? throw new RequestRefusedException(ProblemCode.BadHeader,
                $"Idempotency-Key must be 1 to {Limits.IdempotencyKeyChars} visible ASCII characters.")
            : key;
    }

    /// <summary>As many as a page may hold in bytes, at least one.</summary>
    private static int FittingCount(MessageView[] messages)
    {
        long bytes = 0;
        for (int i = 0; i < messages.Length; i++)
        {
            bytes += messages[i].Content.SizeBytes;
            if (bytes > Limits.PageBytes && i > 0)
            {
                return i;
            }
        }

        return messages.Length;
    }

    private static MessageStatusDocument Document(MessageId id, MessageFound found)
    {
        MessageView? message = found.Message;
        return new MessageStatusDocument
        {
            Id = id.ToString(),
            Status = found.Status switch
            {
                MessageStatus.Waiting => "waiting",
                MessageStatus.Delivered => "delivered",
                MessageStatus.Dead => "dead",
                MessageStatus.Finished => "finished",
                MessageStatus.Delayed => "delayed",
                _ => throw new InvalidOperationException($"Unknown status {found.Status}."),
            },
            Node = message?.Node.ToString(),
            Attempts = message?.Attempts,
            AcceptedAt = message is null ? null : Rfc3339.Write(message.AcceptedAtMs),
            DueAt = message is { DueMs: > 0 } ? Rfc3339.Write(message.DueMs) : null,
            ExpiresAt = message is null ? null : ExpiryOf(message),
            Reason = message?.Reason,
            Size = message?.Content.Body.Length,
        };
    }

    private static MessageList Document(MessagePage page)
    {
        int count = FittingCount(page.Messages);
        return new MessageList
        {
            Messages = [.. page.Messages.Take(count).Select(Document)],
            Next = count > 0 && (page.More || count < page.Messages.Length)
                ? page.Messages[count - 1].Id.ToString()
                : null,
        };
    }

    private static string? ExpiryOf(MessageView message) =>
        message.Content.Metadata is { ExpiresAtMs: > 0 } metadata ? Rfc3339.Write(metadata.ExpiresAtMs) : null;

    private static MessageDocument Document(MessageView message) => new()
    {
        Id = message.Id.ToString(),
        Type = message.Content.Type,
        ContentType = message.Content.ContentType,
        Sender = message.Content.Sender,
        Timer = Array.Find(message.Content.Headers, h => h.Name == TimerView.NameHeader).Value,
        Attempts = message.Attempts,
        AcceptedAt = Rfc3339.Write(message.AcceptedAtMs),
        Size = message.Content.Body.Length,
        DueAt = message.DueMs > 0 ? Rfc3339.Write(message.DueMs) : null,
        ExpiresAt = ExpiryOf(message),
        Hops = message.Content.Metadata?.Hops ?? 0,
        Reason = message.Reason,
        Body = message.Content.Body,
    };
}
