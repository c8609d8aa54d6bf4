using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>Decides how deliveries end.</summary>
internal sealed class DeliveryRules(
    PartitionId partition, DeliveryTables tables, Leases leases, NodeRules nodes, CommitParts parts)
{
    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    public Answer Decide(CommitDelivery command, Draft draft)
    {
        if (Repeat(command) is { } earlier)
        {
            return earlier;
        }

        DeliveryId id = command.Delivery;
        var commitKey = new CommitKey(id.Epoch.Value, id.Number);
        if (leases.Find(id) is not { } delivery)
        {
            return Refused.Gone(id);
        }

        ScopedName name = delivery.Node.Name;
        if ((RefuseParts(command) ?? RefuseAcknowledgements(command, delivery)
            ?? parts.Refuse(command, delivery, draft)) is { } refused)
        {
            return refused;
        }

        Place[] acknowledged = command.Acknowledge is null
            ? [.. delivery.Messages.Select(m => m.Id)]
            : [.. command.Acknowledge.Select(m => new Place(m.Revision.Value, m.Ordinal)).Distinct()];
        if (State.RefuseGrowth(Growth(command, delivery, acknowledged)) is { } full)
        {
            return full;
        }

        leases.End(delivery);
        long revision = draft.Open();
        Message[] rest = [.. delivery.Messages.ExceptBy(acknowledged, m => m.Id)];
        // State and timers first: a node that holds nothing is forgotten, and would get another number.
        if (command.State is not null)
        {
            NodeRules.EmitState(name, command.State, draft);
        }

        parts.EmitReplies(command, delivery, draft);
        parts.EmitTimers(command, name, draft);
        if (acknowledged.Length > 0)
        {
            draft.Emit(new MessagesAcknowledged(name, acknowledged));
        }

        leases.Starts.LeaveOut(delivery, rest, draft);

        EmitSends(command, delivery, draft);
        parts.EmitKeys(command, draft);
        long stateVersion = parts.Mail.Nodes.Get(name)?.StateVersion ?? 0;
        draft.Emit(new DeliveryCommitted(commitKey, command.BodyHash, stateVersion));
        draft.Close(command.Id, stateVersion);
        return new Committed(new Revision(revision), new Revision(stateVersion), Repeated: false);
    }

    /// <summary>The delivery was committed with this body: the first answer.</summary>
    public Committed? Repeat(CommitDelivery command) => command.Delivery.Partition == partition
        && tables.Commits.Get(new CommitKey(command.Delivery.Epoch.Value, command.Delivery.Number)) is { } earlier
        && earlier.BodyHash == command.BodyHash
            ? new Committed(new Revision(earlier.Revision), new Revision(earlier.StateVersion), Repeated: true)
            : null;

    public Answer Decide(RejectDelivery command, Draft draft, List<(NodeActivity Node, long UntilMs)> holds)
    {
        if (leases.Find(command.Delivery) is not { } delivery)
        {
            return Refused.Gone(command.Delivery);
        }

        leases.End(delivery);
        int dead = 0;
        if (command.NotCounted && !command.DeadLetter)
        {
            leases.Starts.TakeBack(delivery, draft);
        }
        else
        {
            string how = command.Reason ?? "it was rejected without a reason";
            dead = leases.Starts.GiveUp(delivery, delivery.Messages, how, draft, command.DeadLetter);
        }

        int returned = delivery.Messages.Length - dead;
        long delayMs = command.Backoff?.After(AttemptsAt(delivery)) ?? command.DelayMs;
        if (returned > 0 && delayMs > 0)
        {
            holds.Add((delivery.Node, draft.NowMs + delayMs));
        }

        return new Rejected(returned, dead);
    }

    public Answer Renew(RenewDelivery command, long nowMs)
    {
        if (leases.Find(command.Delivery) is not { } delivery)
        {
            return Refused.Gone(command.Delivery);
        }

        leases.Renew(delivery, command.LeaseMs, nowMs);
        return new Renewed(command.LeaseMs);
    }

    /// <summary>Of the message that was tried most often.</summary>
    private int AttemptsAt(OpenDelivery delivery) =>
        delivery.Messages.Max(m => parts.Mail.Messages.Get(m.Id) is { Dead: false } message ? message.Attempts : 0);

    private void EmitSends(CommitDelivery command, OpenDelivery delivery, Draft draft)
    {
        string sender = $"{delivery.Command.ServiceName}/{delivery.Node.Name.Name}";
        MessageContent first = delivery.Messages[0].Content;
        (string? parent, string? traceState) = (TraceContext.ParentOf(first), TraceContext.StateOf(first));
        int hops = delivery.Messages.Max(m => m.Content.Metadata?.Hops ?? 0) + 1;
        foreach (OutgoingMessage send in command.Sends)
        {
            MessageContent content = TraceContext.Continue(send.Content, parent, traceState);
            DueTime due = draft.DueOf(send.Due);
            MessageMetadata? metadata = parts.MetadataOf(send, due, hops, delivery, draft);
            Send(
                send with
                {
                    Content = content with { Sender = sender, Metadata = metadata }, DueMs = due.AtMs,
                    DueLine = due.Line
                }, draft);
        }
    }

    private void Send(OutgoingMessage message, Draft draft)
    {
        OutgoingMessage decided = message with { Due = default, TtlMs = 0, HopsMax = 0, For = null };
        if (message.Partition == partition)
        {
            nodes.Accept(decided, draft);
        }
        else
        {
            draft.Emit(new OutboxAdded(draft.NextOrdinal(), decided));
        }
    }

    private Refused? RefuseParts(CommitDelivery command)
    {
        if (command.Sends.Length > Limits.CommitSendsMax)
        {
            return Refusals.TooMany("sends in one commit", command.Sends.Length, Limits.CommitSendsMax);
        }

        if (command.SizeBytes > Limits.CommitBytesMax)
        {
            return Refusals.Limit("a commit", command.SizeBytes, Limits.CommitBytesMax);
        }

        if (command.State is not null && nodes.RefuseState(command.State) is { } state)
        {
            return state;
        }

        foreach (OutgoingMessage send in command.Sends)
        {
            if (send.Node.Length == 0 || send.Node.Length > Limits.NodeBytesMax)
            {
                return Refusals.Limit("a node id", send.Node.Length, Limits.NodeBytesMax);
            }

            if (nodes.RefuseContent(send.Content) is { } content)
            {
                return content;
            }
        }

        return null;
    }

    private Refused? RefuseAcknowledgements(CommitDelivery command, OpenDelivery delivery)
    {
        foreach (MessageId message in command.Acknowledge ?? [])
        {
            if (message.Partition != partition || !delivery.Holds(new Place(message.Revision.Value, message.Ordinal)))
            {
                return new Refused(
                    Refusal.NotHeld, $"Delivery {delivery.Id} does not hold message {message}. Nothing was committed.");
            }
        }

        return null;
    }

    /// <summary>
    /// What the commit brings without what it acknowledges: a handler that sends on no more than it takes away passes
    /// in a full partition too, so that those can drain.
    /// </summary>
    private long Growth(CommitDelivery command, OpenDelivery delivery, Place[] acknowledged)
    {
        long growth = -delivery.Messages.Where(m => acknowledged.Contains(m.Id)).Sum(m => m.Bytes);
        if (command.State is { } change)
        {
            growth += (change.Value?.Length ?? 0) - (parts.Mail.Nodes.Get(delivery.Node.Name)?.State?.Length ?? 0);
        }

        foreach (OutgoingMessage send in command.Sends)
        {
            growth += Message.OverheadBytes + send.Content.SizeBytes;
        }

        return growth + parts.Growth(command, delivery.Node.Name);
    }
}
