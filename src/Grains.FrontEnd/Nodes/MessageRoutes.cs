using System.Diagnostics;
using Grains.Api;
using Grains.Api.Json;
using Grains.Api.Nodes;
using Grains.Api.Problems;
using Grains.FrontEnd.Access;
using Grains.FrontEnd.Declarations;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Replies;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Routes;
using Grains.FrontEnd.Services;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Nodes;

/// <summary>Messages: send, status, mailbox, dead letters.</summary>
internal sealed class MessageRoutes(ServiceCalls calls, ReplyAnswers replies)
{
    private const string _node = "/v1/services/{service}/nodes/{node}";

    public IEnumerable<ApiRoute> All =>
    [
        new("POST", _node + "/messages", Permission.Write, "Sends a message to a node", SendAsync)
        {
            RawBody = true,
            Query = ["delay", "at", "ttl"],
            Headers = ["Content-Type", "Grains-Type", HopsHeader.Name, "traceparent", "Idempotency-Key", "Prefer"],
            Answers =
            [
                new(202, "Durable", typeof(SendResult), Headers:
                    ["Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader]),
                new(200, "With Prefer: wait, the reply, as the handler gave it", MediaType: "*/*", Headers:
                    ["Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader, "Grains-Type"]),
                new(204, "With Prefer: wait, the message is over and there is no reply", Headers:
                    ["Grains-Position", "Grains-Repeated", ReplyAnswers.MessageHeader, ReplyAnswers.AppliedHeader]),
            ],
            Problems =
            [
                ProblemCode.ServiceNotFound, ProblemCode.IdempotencyMismatch, ProblemCode.MailboxFull,
                ProblemCode.PartitionFull, ProblemCode.FormatTooOld, ProblemCode.DeadLetter, ProblemCode.MessageDropped,
            ],
        },
        new("DELETE", "/v1/services/{service}/messages/{message}", Permission.Write, "Cancels an undelivered message", CancelAsync)
        {
            Answers = [new(204, "It never happens")],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound, ProblemCode.MessageDelivered,
                ProblemCode.FormatTooOld,
            ],
        },
        new("GET", "/v1/services/{service}/messages/{message}", Permission.Read, "Where a message is", StatusAsync)
        {
            Query = [RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "Its status", typeof(MessageStatusDocument), Headers: RequestedConsistency.Header)],
            Problems =
            [
                ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound, ProblemCode.HistoryChanged,
            ],
        },
        new("GET", _node + "/mailbox", Permission.Read, "Messages that wait or are delivered, in order", MailboxAsync)
        {
            Query = ["after", "limit", RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("GET", _node + "/delayed", Permission.Read, "Messages whose time has not come, in the order of their acceptance", DelayedAsync)
        {
            Query = ["after", "limit", RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("GET", _node + "/dead", Permission.Read, "Dead letters, in order", DeadAsync)
        {
            Query = ["after", "limit", RequestedConsistency.Read, RequestedConsistency.Since],
            Answers = [new(200, "A page", typeof(MessageList), Headers: RequestedConsistency.Header)],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound, ProblemCode.HistoryChanged],
        },
        new("POST", _node + "/dead:retry", Permission.Write, "All dead letters go to the mailbox's tail, in order", RetryAllAsync)
        {
            Answers = [new(200, "How many", typeof(SettleResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new("POST", _node + "/dead:discard", Permission.Admin, "All dead letters are forgotten", DiscardAllAsync)
        {
            Answers = [new(200, "How many", typeof(SettleResult))],
            Problems = [ProblemCode.ServiceNotFound, ProblemCode.NodeNotFound],
        },
        new("POST", _node + "/dead/{message}:retry", Permission.Write, "A dead letter goes to the mailbox's tail", RetryAsync)
        {
            Answers = [new(204, "It waits again")],
            Problems = [ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound],
        },
        new("POST", _node + "/dead/{message}:discard", Permission.Admin, "A dead letter is forgotten", DiscardAsync)
        {
            Answers = [new(204, "Forgotten")],
            Problems = [ProblemCode.BadId, ProblemCode.ServiceNotFound, ProblemCode.MessageNotFound],
        },
    ];

    private async Task SendAsync(HttpContext http)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        Query query = Query.Of(http, "delay", "at", "ttl");
        Due due = query.Due();
        long ttlMs = query.TtlMs();
        long waitMs = Preferences.WaitMs(http.Request.Headers);
        IHeaderDictionary headers = http.Request.Headers;
        string? contentType = RequestHeaders.ContentType(http);
        string? type = RequestHeaders.Single(headers["Grains-Type"], "Grains-Type", Limits.MessageTypeChars);
        string? key = IdempotencyKeyOf(headers);
        MessageHeader[] kept = MessageHeaders.Of(headers);
        ServiceSnapshot service = await calls.FindAsync(http);
        MessageContent content = new()
        {
            Body = await RequestBody.ReadAsync(http, Limits.ContentBytes),
            ContentType = contentType,
            Type = type,
            Headers = kept,
        };
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } span } request)
        {
            // The message follows from this request, which follows from what the caller named.
            content = TraceContext.With(content, span, request.TraceStateString);
        }

        MessageMetadata? hops = await HopsHeader.ReadAsync(headers, service, calls);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        Answer answer = await calls.ExecuteAsync(partition, new SendMessage
        {
            Service = service.Id,
            Node = node,
            Content = hops is null ? content : content with { Metadata = hops },
            MailboxLimit = service.MailboxLimit,
            IdempotencyKey = key is null ? null : MessageFingerprint.Of(service.Id, node, key, content, due, ttlMs),
            Due = due,
            TtlMs = ttlMs,
        });
        if (answer is not MessageAccepted accepted)
        {
            await ProblemAnswer.WriteAsync(http, calls.Refuse(answer, service.Name, ProblemCode.NodeNotFound));
            return;
        }

        // Of a repeat, the position of now: at least as far as that of the first answer.
        string position = Position.Of(partition, accepted).ToString();
        http.Response.Headers[Answers.PositionHeader] = position;
        if (accepted.Repeated)
        {
            http.Response.Headers["Grains-Repeated"] = "true";
        }

        if (waitMs > 0)
        {
            http.Response.Headers[ReplyAnswers.AppliedHeader] = "wait";
            http.Response.Headers[ReplyAnswers.MessageHeader] = accepted.Message.ToString();
            ReplyFound found = await replies.WaitAnywayAsync(http, service, accepted.Message, waitMs);
            if (found.Status != ReplyStatus.Open)
            {
                await ReplyAnswers.WriteAsync(http, accepted.Message, found);
                return;
            }
        }

        await Answers.JsonAsync(http, StatusCodes.Status202Accepted,
            new SendResult { Id = accepted.Message.ToString(), Position = position }, WireJson.Context.SendResult);
    }

    private async Task StatusAsync(HttpContext http)
    {
        MessageId id = MessageOf(RequestPath.Of(http).Segment(4));
        RequestedConsistency consistency = RequestedConsistency.Of(http, Query.Of(http, RequestedConsistency.Read, RequestedConsistency.Since));
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        MessageFound found = await calls.ExecuteAsync<MessageFound>(
            service,
            id.Partition,
            new GetMessage(service.Id, id) { Consistency = consistency.For(id.Partition) },
            ProblemCode.MessageNotFound);
        MessageView? message = found.Message;
        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new MessageStatusDocument
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
                AcceptedAt = message is null ? null : Answers.Time(message.AcceptedAtMs),
                DueAt = message is { DueMs: > 0 } ? Answers.Time(message.DueMs) : null,
                ExpiresAt = message?.Content.Metadata is { ExpiresAtMs: > 0 } metadata ? Answers.Time(metadata.ExpiresAtMs) : null,
                Reason = message?.Reason,
                Size = message?.Content.Body.Length,
            },
            WireJson.Context.MessageStatusDocument);
    }

    private async Task CancelAsync(HttpContext http)
    {
        MessageId id = MessageOf(RequestPath.Of(http).Segment(4));
        ServiceSnapshot service = await calls.FindAsync(http);
        await calls.ExecuteAsync<Done>(service, id.Partition, new CancelMessage(service.Id, id), ProblemCode.MessageNotFound);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task MailboxAsync(HttpContext http) => ListAsync(http, dead: false);

    private Task DelayedAsync(HttpContext http) => ListAsync(http, dead: false, delayed: true);

    private Task DeadAsync(HttpContext http) => ListAsync(http, dead: true);

    private async Task ListAsync(HttpContext http, bool dead, bool delayed = false)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        Query query = Query.Of(http, "after", "limit", RequestedConsistency.Read, RequestedConsistency.Since);
        RequestedConsistency consistency = RequestedConsistency.Of(http, query);
        MessageId? after = query.Message("after");
        int limit = query.Limit();
        ServiceSnapshot service = await calls.FindAsync(http, consistency.MayBeStale);
        PartitionId partition = service.PartitionOf(calls.Slots, node);
        MessagePage page = await calls.ExecuteAsync<MessagePage>(
            service,
            partition,
            new ListMessages
            {
                Service = service.Id,
                Node = node,
                Dead = dead,
                Delayed = delayed,
                After = after,
                Limit = limit,
                Consistency = consistency.For(partition),
            },
            ProblemCode.NodeNotFound,
            http.RequestAborted);

        int count = FittingCount(page.Messages);
        await Answers.JsonAsync(
            http,
            StatusCodes.Status200OK,
            new MessageList
            {
                Messages = [.. page.Messages.Take(count).Select(Document)],
                Next = count > 0 && (page.More || count < page.Messages.Length) ? page.Messages[count - 1].Id.ToString() : null,
            },
            WireJson.Context.MessageList);
    }

    private Task RetryAsync(HttpContext http) => SettleAsync(http, retry: true);

    private Task DiscardAsync(HttpContext http) => SettleAsync(http, retry: false);

    private async Task SettleAsync(HttpContext http, bool retry)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        MessageId id = MessageOf(RequestPath.Of(http).SegmentBeforeVerb(6));
        ServiceSnapshot service = await calls.FindAsync(http);
        await calls.ExecuteAsync<Done>(
            service,
            service.PartitionOf(calls.Slots, node),
            new SettleDeadLetter { Service = service.Id, Node = node, Message = id, Retry = retry },
            ProblemCode.MessageNotFound);
        http.Response.StatusCode = StatusCodes.Status204NoContent;
    }

    private Task RetryAllAsync(HttpContext http) => SettleAllAsync(http, retry: true);

    private Task DiscardAllAsync(HttpContext http) => SettleAllAsync(http, retry: false);

    /// <summary>Step by step; those that die meanwhile may be among them. What is settled stays so if a step fails.</summary>
    private async Task SettleAllAsync(HttpContext http, bool retry)
    {
        Utf8Name node = ServiceCalls.NodeOf(http);
        ServiceSnapshot service = await calls.FindAsync(http);
        var settle = new SettleDeadLetters { Service = service.Id, Node = node, Retry = retry };
        int count = 0;
        Settled step;
        do
        {
            step = await calls.ExecuteAsync<Settled>(
                service, service.PartitionOf(calls.Slots, node), settle, ProblemCode.NodeNotFound, http.RequestAborted);
            count += step.Count;
        }
        while (step.More && step.Count > 0);

        await Answers.JsonAsync(
            http, StatusCodes.Status200OK, new SettleResult { Settled = count }, WireJson.Context.SettleResult);
    }

    private MessageId MessageOf(ReadOnlySpan<char> text) => MessageOf(text, calls);

    public static MessageId MessageOf(ReadOnlySpan<char> text, ServiceCalls calls) =>
        !MessageId.TryParse(text.ToString(), out MessageId id)
            ? throw new RequestRefusedException(ProblemCode.BadId, "The path holds no message id; send it exactly as it was given.")
        : !calls.Has(id.Partition)
            ? throw new RequestRefusedException(ProblemCode.MessageNotFound, "This cluster has no partition of that message.")
        : id;

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

    private static MessageDocument Document(MessageView message) => new()
    {
        Id = message.Id.ToString(),
        Type = message.Content.Type,
        ContentType = message.Content.ContentType,
        Sender = message.Content.Sender,
        Timer = Array.Find(message.Content.Headers, h => h.Name == TimerView.NameHeader).Value,
        Attempts = message.Attempts,
        AcceptedAt = Answers.Time(message.AcceptedAtMs),
        Size = message.Content.Body.Length,
        DueAt = message.DueMs > 0 ? Answers.Time(message.DueMs) : null,
        ExpiresAt = message.Content.Metadata is { ExpiresAtMs: > 0 } metadata ? Answers.Time(metadata.ExpiresAtMs) : null,
        Hops = message.Content.Metadata?.Hops ?? 0,
        Reason = message.Reason,
        Body = message.Content.Body,
    };
}
