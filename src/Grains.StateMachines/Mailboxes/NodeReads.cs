using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>Answers questions about nodes and messages from the durable State.</summary>
internal sealed class NodeReads(PartitionId partition, MailboxTables tables, ILeases leases)
{
    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    public Answer Read(GetNode command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        return tables.Nodes.GetDurable(name) is { } node
            ? new NodeFound(View(name, node, command.WithState))
            : Nothing(command);
    }

    public Answer Read(ListNodes command)
    {
        int limit = Math.Clamp(command.Limit, 1, Limits.PageEntriesMax);
        Utf8Name first = command.After.CompareTo(command.Prefix) > 0 ? command.After : command.Prefix;
        List<NodeView> page = [];
        foreach ((ScopedName name, NodeEntry node) in tables.Nodes.From(new ScopedName(command.Service.Value, first)))
        {
            if (name.Scope != command.Service.Value || !name.Name.Span.StartsWith(command.Prefix.Span))
            {
                break;
            }

            if (command.After.Length > 0 && name.Name == command.After)
            {
                continue;
            }

            if (page.Count == limit)
            {
                return new NodePage([.. page], More: true);
            }

            page.Add(View(name, node, withState: false));
        }

        return new NodePage([.. page], More: false);
    }

    public Answer Read(ListMessages command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        if (tables.Nodes.GetDurable(name) is not { } node)
        {
            return new MessagePage([], More: false);
        }

        MailboxPart part = command.Dead
            ? MailboxPart.Dead : command.Delayed ? MailboxPart.Delayed
            : MailboxPart.Waiting;
        var from = new MailboxKey(node.Number, part, default);
        if (command.After is { } after)
        {
            if (tables.Messages.GetDurable(new Place(after.Revision.Value, after.Ordinal)) is not { } last
                || last.Owner != name || last.MailboxKey.Part != part)
            {
                return new Refused(
                    Refusal.MessageNotFound,
                    $"Message {after} is not in this list any more, so there is no page after it. Begin again without "
                    + "'after'.");
            }

            from = last.MailboxKey with { Place = last.Place with { Ordinal = last.Place.Ordinal + 1 } };
        }

        int limit = Math.Clamp(command.Limit, 1, Limits.PageEntriesMax);
        long bytes = 0;
        List<MessageView> page = [];
        foreach ((MailboxKey key, Message message) in tables.Mailboxes.From(from))
        {
            if (key.Node != node.Number || key.Part != part)
            {
                break;
            }

            bytes += message.Content.SizeBytes;
            if (page.Count == limit || (page.Count > 0 && bytes > Limits.PageBytesMax))
            {
                return new MessagePage([.. page], More: true);
            }

            page.Add(message.View(partition, message.Attempts + leases.UnrecordedStarts(message), State.Now));
        }

        return new MessagePage([.. page], More: false);
    }

    public Answer Read(FindOldest command)
    {
        var oldest = new Dictionary<long, long>();
        foreach ((_, Message message) in tables.Messages.From(default).Take(command.LookedAtMax))
        {
            if (message is { Dead: false, DueMs: 0 })
            {
                oldest.TryAdd(message.Owner.Scope, message.AcceptedAtMs);
            }
        }

        return new OldestFound([.. oldest.Select(o => new OldestMessage(new ServiceId(o.Key), o.Value))]);
    }

    public Answer Read(GetMessage command)
    {
        MessageId id = command.Message;
        if (id.Partition != partition || id.Revision.Value > State.DurableTotals.Revision
            || State.Lost.Contains(id.Revision.Value))
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} was never accepted here.");
        }

        if (tables.Messages.GetDurable(new Place(id.Revision.Value, id.Ordinal)) is not { } message)
        {
            return new MessageFound(MessageStatus.Finished, null);
        }

        if (message.Owner.Scope != command.Service.Value)
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} belongs to another service.");
        }

        MessageStatus status = message.Dead ? MessageStatus.Dead
            : message.DueMs > 0 ? MessageStatus.Delayed
            : leases.Holds(message) ? MessageStatus.Delivered
            : MessageStatus.Waiting;
        return new MessageFound(
            status, message.View(partition, message.Attempts + leases.UnrecordedStarts(message), State.Now));
    }

    public static Refused Nothing(NodeCommand command) =>
        new(Refusal.NotFound, $"Node '{command.Node}' holds nothing: no state, no message, no dead letter, no timer.");

    public NodeView View(in ScopedName name, NodeEntry node, bool withState) => new()
    {
        Node = name.Name,
        Waiting = node.Waiting,
        Dead = node.Dead,
        Delayed = node.Delayed,
        Paused = node.Paused,
        Timers = node.Timers,
        Delivered = leases.HeldBy(name),
        State = withState ? node.State : null,
        StateContentType = node.StateContentType,
        StateVersion = new Revision(node.StateVersion),
        StateBytes = node.State?.Length ?? 0,
    };
}
