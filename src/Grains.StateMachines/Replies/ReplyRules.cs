using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;

namespace Grains.StateMachines.Replies;

/// <summary>Decides what becomes of replies, and answers who asks for one.</summary>
internal sealed class ReplyRules(PartitionId partition, ReplyTables tables, MailboxTables mail)
{
    private PartitionState State => tables.State;

    /// <summary>
    /// A reply of a commit: it is kept here, or goes to where the message was accepted that it is for.
    /// </summary>
    /// <param name="message">Which the commit acknowledges.</param>
    /// <param name="content">What is said.</param>
    /// <param name="draft">With the commit's change open.</param>
    public void Emit(Message message, MessageContent content, Draft draft)
    {
        MessageId to = message.Content.Metadata?.ReplyTo ?? IdOf(message.Id);
        if (to.Partition == partition)
        {
            Keep(to, content, draft);
            return;
        }

        draft.Emit(new OutboxAdded(draft.NextOrdinal(), new OutgoingMessage
        {
            Partition = to.Partition,
            Service = default,
            Node = Utf8Name.Empty,
            MailboxLimit = 0,
            Content = content,
            ReplyTo = to,
        }));
    }

    /// <summary>
    /// The first reply counts; one to a message of which nothing is known any more tells nobody anything.
    /// </summary>
    public void Keep(MessageId to, MessageContent content, Draft draft)
    {
        var place = new Place(to.Revision.Value, to.Ordinal);
        ReplyEntry? present = tables.Replies.Get(place);
        if (present?.Content is null && (present?.Scope ?? mail.Messages.Get(place)?.Owner.Scope) is { } scope)
        {
            draft.Emit(new ReplyKept(scope, place, draft.NextOrdinal(), content));
        }
    }

    /// <summary>What came from another partition's outbox is kept, if it is a reply.</summary>
    public bool Take(OutgoingMessage entry, Draft draft)
    {
        if (entry.ReplyTo is { } message)
        {
            Keep(message, entry.Content, draft);
        }

        return entry.ReplyTo is not null;
    }

    /// <summary>The message is sent on: its reply comes from there. Returns what that message's reply is for.</summary>
    public MessageId Promise(Message message, Draft draft)
    {
        if (message.Content.Metadata?.ReplyTo is { } origin)
        {
            return origin;
        }

        if (tables.Replies.Get(message.Id) is null)
        {
            draft.Emit(new ReplyPromised(message.Owner.Scope, message.Id, draft.NextOrdinal()));
        }

        return IdOf(message.Id);
    }

    public Answer Read(GetReply command)
    {
        MessageId id = command.Message;
        if (id.Partition != partition || id.Revision.Value > State.DurableTotals.Revision
            || State.Lost.Contains(id.Revision.Value))
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} was never accepted here.");
        }

        var place = new Place(id.Revision.Value, id.Ordinal);
        Message? message = mail.Messages.GetDurable(place);
        ReplyEntry? reply = tables.Replies.GetDurable(place);
        if ((message?.Owner.Scope ?? reply?.Scope ?? command.Service.Value) != command.Service.Value)
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} belongs to another service.");
        }

        return reply?.Content is { } content ? new ReplyFound(ReplyStatus.Replied) { Content = content }
            : message is { Dead: true } ? new ReplyFound(ReplyStatus.Dead) { Reason = message.Reason }
            : message is null && reply is null ? new ReplyFound(ReplyStatus.Finished)
            : new ReplyFound(ReplyStatus.Open);
    }

    private MessageId IdOf(Place place) => new(partition, new Revision(place.Revision), place.Ordinal);
}
