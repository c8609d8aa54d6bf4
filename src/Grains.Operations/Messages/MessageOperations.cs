using System.Diagnostics;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Declarations;
using Grains.Operations.Errors;
using Grains.Operations.Services;
using Grains.Operations.Syntax;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Operations.Messages;

/// <summary>Messages: send, status, mailbox, dead letters.</summary>
public sealed class MessageOperations(ServiceCalls calls)
{
    /// <summary>Sends a message to a node. Durable when this returns.</summary>
    public ValueTask<Result<Placed<MessageAccepted>>> SendAsync(
        Caller caller, ReadOnlySpan<char> service, Utf8Name node, MessageSend send) =>
        caller.Refuse(Permission.Write) is { } refused ? new(refused) : SendAsync(calls.FindAsync(service), node, send);

    /// <summary>Where a message is.</summary>
    public async ValueTask<Result<Placed<MessageFound>>> FindAsync(
        Caller caller, string service, MessageId message, RequestedConsistency consistency)
    {
        if ((caller.Refuse(Permission.Read) ?? calls.RefuseUnknown(message)) is { } refused)
        {
            return refused;
        }

        Result<ServiceSnapshot> known = await calls.FindAsync(service, consistency.MayBeStale);
        return known.TryGet(out ServiceSnapshot? found, out OperationError? error)
            ? await calls.ExecuteAsync<MessageFound>(
                found.Name,
                message.Partition,
                new GetMessage(found.Id, message) { Consistency = consistency.For(message.Partition) },
                ProblemCode.MessageNotFound)
            : error;
    }

    /// <summary>It never happens; refused once it is delivered.</summary>
    public async ValueTask<Result<Placed<Done>>> CancelAsync(Caller caller, string service, MessageId message)
    {
        if ((caller.Refuse(Permission.Write) ?? calls.RefuseUnknown(message)) is { } refused)
        {
            return refused;
        }

        return (await calls.FindAsync(service)).TryGet(out ServiceSnapshot? found, out OperationError? error)
            ? await calls.ExecuteAsync<Done>(
                found.Name, message.Partition, new CancelMessage(found.Id, message), ProblemCode.MessageNotFound)
            : error;
    }

    /// <summary>A page of a node's messages, in order.</summary>
    public ValueTask<Result<Placed<MessagePage>>> ListAsync(
        Caller caller, NodeAddress node, MessageRange range,
        CancellationToken cancel) => calls.ExecuteAsync<MessagePage>(
            caller,
            Permission.Read,
            node with { MayBeStale = range.Consistency.MayBeStale },
            (service, partition) => new ListMessages
            {
                Service = service.Id,
                Node = node.Node,
                Dead = range.Which == MailboxPart.Dead,
                Delayed = range.Which == MailboxPart.Delayed,
                After = range.After,
                Limit = range.Limit,
                Consistency = range.Consistency.For(partition),
            },
            ProblemCode.NodeNotFound,
            cancel);

    /// <summary>A dead letter goes to the mailbox's tail, or is forgotten.</summary>
    public ValueTask<Result<Placed<Done>>> SettleAsync(
        Caller caller, NodeAddress node, MessageId message, bool retry) =>
        (caller.Refuse(Needed(retry)) ?? calls.RefuseUnknown(message)) is { } refused ? new(refused)
        : calls.ExecuteAsync<Done>(
            caller,
            Needed(retry),
            node,
            (service, _) =>
                new SettleDeadLetter { Service = service.Id, Node = node.Node, Message = message, Retry = retry },
            ProblemCode.MessageNotFound);

    /// <summary>
    /// All dead letters of a node, step by step; those that die meanwhile may be among them. What is settled stays so
    /// if a step fails.
    /// </summary>
    /// <returns>How many.</returns>
    public async Task<Result<int>> SettleAllAsync(Caller caller, NodeAddress node, bool retry, CancellationToken cancel)
    {
        int count = 0;
        while (true)
        {
            Result<Placed<Settled>> step = await calls.ExecuteAsync<Settled>(
                caller,
                Needed(retry),
                node,
                (service, _) => new SettleDeadLetters { Service = service.Id, Node = node.Node, Retry = retry },
                ProblemCode.NodeNotFound,
                cancel);
            if (!step.TryGet(out Placed<Settled> settled, out OperationError? error))
            {
                return error;
            }

            count += settled.Answer.Count;
            if (!settled.Answer.More || settled.Answer.Count == 0)
            {
                return count;
            }
        }
    }

    private static Permission Needed(bool retry) => retry ? Permission.Write : Permission.Admin;

    private async ValueTask<Result<Placed<MessageAccepted>>> SendAsync(
        ValueTask<Result<ServiceSnapshot>> found, Utf8Name node, MessageSend send)
    {
        if (!(await found).TryGet(out ServiceSnapshot? service, out OperationError? error))
        {
            return error;
        }

        // Of what was given, not of what is traced: a repeat is another span.
        IdempotencyKey? key = send.IdempotencyKey is null ? null
            : MessageFingerprint.Of(service.Id, node, send.IdempotencyKey, send.Content, send.Due, send.TtlMs);
        MessageContent content = send.Content;
        if (Activity.Current is { Recorded: true, IdFormat: ActivityIdFormat.W3C, Id: { } span } request)
        {
            // The message follows from this request, which follows from what the caller named.
            content = TraceContext.With(content, span, request.TraceStateString);
        }

        if (send.Hops is not null && await HopsSeal.ReadAsync(send.Hops, service, calls) is { } hops)
        {
            content = content with { Metadata = hops };
        }

        var command = new SendMessage
        {
            Service = service.Id,
            Node = node,
            Content = content,
            MailboxLimit = service.MailboxLimit,
            IdempotencyKey = key,
            Due = send.Due,
            TtlMs = send.TtlMs,
        };
        return await calls.ExecuteAsync<MessageAccepted>(
            service.Name, service.PartitionOf(calls.Slots, node), command, ProblemCode.NodeNotFound);
    }
}

/// <summary>A message for a node.</summary>
/// <param name="Content">What it says.</param>
/// <param name="IdempotencyKey">The same request under the same key is accepted once; null = each is another
/// message.</param>
/// <param name="Due">When its time comes.</param>
/// <param name="TtlMs">It is dropped after this, if nobody has it yet; 0 = never.</param>
/// <param name="Hops">See <see cref="HopsSeal"/>; null = it begins a chain.</param>
public readonly record struct MessageSend(
    MessageContent Content, string? IdempotencyKey = null, Due Due = default, long TtlMs = 0, string? Hops = null);

/// <summary>Which of a node's messages are listed.</summary>
public readonly record struct MessageRange(
    MailboxPart Which, MessageId? After, int Limit, RequestedConsistency Consistency);

/// <summary>The lists that a node's messages stand in.</summary>
public enum MailboxPart
{
    /// <summary>Those that wait or are leased.</summary>
    Waiting,

    /// <summary>Those whose time has not come.</summary>
    Delayed,

    /// <summary>Those that were given up.</summary>
    Dead,
}
