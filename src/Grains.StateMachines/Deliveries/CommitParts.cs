using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// What a commit brings beside acknowledgements, state and sends: keys, replies, timers, and the metadata of sends.
/// </summary>
internal sealed class CommitParts(MailboxTables mail, KeyRules keys, ReplyRules replies, TimerRules timers)
{
    /// <summary>Of the nodes that it is about.</summary>
    public MailboxTables Mail => mail;

    private MachineLimits Limits => mail.State.Limits;

    public Refused? Refuse(CommitDelivery command, OpenDelivery delivery, Draft draft) =>
        RefuseKeys(command) ?? RefuseReplies(command, delivery) ?? RefuseTimers(command, delivery, draft);

    public long Growth(CommitDelivery command, ScopedName node) =>
        command.Keys.Sum(keys.Growth) + command.Timers.Sum(t => timers.Growth(node, t))
        + command.Replies.Sum(r => (long)ReplyEntry.OverheadBytes + r.Content.SizeBytes)
        + command.Sends.Count(s => s.For is not null) * (long)ReplyEntry.OverheadBytes;

    public void EmitKeys(CommitDelivery command, Draft draft)
    {
        foreach (KeyChange change in command.Keys)
        {
            keys.Emit(change, draft);
        }
    }

    public void EmitReplies(CommitDelivery command, OpenDelivery delivery, Draft draft)
    {
        foreach (OutgoingReply reply in command.Replies)
        {
            replies.Emit(Held(delivery, reply.Message)!, reply.Content, draft);
        }
    }

    public void EmitTimers(CommitDelivery command, in ScopedName node, Draft draft)
    {
        foreach (TimerChange change in command.Timers)
        {
            timers.Emit(node, change, draft);
        }
    }

    /// <summary>What a send carries; one whose time is not now begins a chain of its own.</summary>
    public MessageMetadata? MetadataOf(OutgoingMessage send, DueTime due, int hops, OpenDelivery delivery, Draft draft)
    {
        MessageMetadata metadata = new MessageMetadata().Lasting(send.TtlMs, due, draft) with
        {
            Hops = due.IsSet ? 0 : hops,
            HopsMax = due.IsSet ? 0 : send.HopsMax,
            ReplyTo = send.For is { } message ? replies.Promise(Held(delivery, message)!, draft) : null,
        };
        return metadata is { EndsAtAll: false, Hops: 0, ReplyTo: null } ? null : metadata;
    }

    private Refused? RefuseKeys(CommitDelivery command)
    {
        if (command.Keys.Length > Limits.CommitKeysMax)
        {
            return Refusals.TooMany("keys in one commit", command.Keys.Length, Limits.CommitKeysMax);
        }

        HashSet<ScopedName> named = [];
        foreach (KeyChange change in command.Keys)
        {
            if (!named.Add(new ScopedName(change.Keyspace.Value, change.Key)))
            {
                return new Refused(Refusal.LimitExceeded, $"The commit names key '{change.Key}' twice; name it once.");
            }

            if (keys.Refuse(change) is { } refused)
            {
                return refused;
            }
        }

        return null;
    }

    private Refused? RefuseReplies(CommitDelivery command, OpenDelivery delivery)
    {
        HashSet<Place> named = [];
        foreach (OutgoingReply reply in command.Replies)
        {
            if (RefuseReply(command, delivery, reply.Message, "replies to") is { } refused)
            {
                return refused;
            }

            if (!named.Add(Held(delivery, reply.Message)!.Id))
            {
                return new Refused(Refusal.LimitExceeded, $"The commit replies to {reply.Message} twice; reply once.");
            }

            if (reply.Content.SizeBytes > Limits.MessageBytesMax)
            {
                return Refusals.Limit("a reply", reply.Content.SizeBytes, Limits.MessageBytesMax);
            }
        }

        foreach (OutgoingMessage send in command.Sends)
        {
            if (send.For is { } message && RefuseReply(command, delivery, message, "sends on") is { } refused)
            {
                return refused;
            }
        }

        return null;
    }

    private static Refused? RefuseReply(CommitDelivery command, OpenDelivery delivery, MessageId? message, string does)
    {
        if (message is null && delivery.Messages.Length > 1)
        {
            return new Refused(Refusal.NotHeld,
                $"The commit {does} a message without naming it, and its delivery holds {delivery.Messages.Length}. "
                + "Name it. Nothing was committed.");
        }

        if (Held(delivery, message) is null)
        {
            return new Refused(Refusal.NotHeld,
                $"The commit {does} {message}, which its delivery {delivery.Id} does not hold. Nothing was committed.");
        }

        return command.Acknowledge is { } acknowledged && !acknowledged.Contains(IdOf(delivery, message))
            ? new Refused(Refusal.NotHeld,
                $"The commit {does} {IdOf(delivery, message)} and does not acknowledge it; 'ack' must name it. "
                + "Nothing was committed.")
            : null;
    }

    private Refused? RefuseTimers(CommitDelivery command, OpenDelivery delivery, Draft draft) =>
        command.Timers.Length > Limits.CommitTimersMax
            ? Refusals.TooMany("timers in one commit", command.Timers.Length, Limits.CommitTimersMax)
            : timers.RefuseAll(delivery.Node.Name, command.Timers, draft);

    private static MessageId IdOf(OpenDelivery delivery, MessageId? message)
    {
        Place place = Held(delivery, message)!.Id;
        return new MessageId(delivery.Id.Partition, new Revision(place.Revision), place.Ordinal);
    }

    private static Message? Held(OpenDelivery delivery, MessageId? message) => message is not { } id
        ? delivery.Messages[0]
        : id.Partition != delivery.Id.Partition ? null
        : Array.Find(delivery.Messages, m => m.Id == new Place(id.Revision.Value, id.Ordinal));
}
