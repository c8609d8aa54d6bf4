using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Nodes;

/// <summary>Answers questions about nodes and messages from the durable state.</summary>
internal sealed class NodeReads(PartitionId partition, PartitionState state, Deliveries deliveries, TimerFiring timers)
{
    private MachineLimits Limits => state.Limits;

    public Answer Read(GetNode command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        return state.Nodes.GetDurable(name) is { } node
            ? new NodeFound(View(name, node, command.WithState))
            : Nothing(command);
    }

    public Answer Read(ExplainNode command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        NodeActivity? activity = deliveries.ActivityOf(name);
        if (state.Nodes.GetDurable(name) is not { } node)
        {
            return Nothing(command);
        }

        Message? next = node.Waiting > 0 ? state.Mailboxes.From(new MailboxKey(node.Number, MailboxPart.Waiting, default)).First().Value : null;
        return new NodeExplained
        {
            Node = View(name, node, withState: false),
            Next = next?.View(partition, 0, state.Now).Id,
            Attempts = next is null ? 0 : next.Attempts + deliveries.UnrecordedStarts(next),
            AcceptedAtMs = next?.AcceptedAtMs ?? 0,
            LeaseEndsMs = activity?.Open is { } open ? state.Now.WallOf(open.LeaseEndsMs) : 0,
            HeldUntilMs = activity?.HoldUntilMs > state.Now.UptimeMs ? state.Now.WallOf(activity.HoldUntilMs) : 0,
            IsStarting = activity?.Start is not null,
            WaitingForNode = activity?.Waiters.Count ?? 0,
            WaitingForAny = deliveries.WaitingForAny(name.Scope),
            Epoch = new Epoch(state.DurableTotals.Epoch),
            NextDueMs = NextDueMs(node),
            NextTimerMs = NextTimerMs(node),
            TimerTrouble = TimerTrouble(node),
        };
    }

    public Answer Read(ListNodes command)
    {
        int limit = Math.Clamp(command.Limit, 1, Limits.PageEntriesMax);
        Utf8Name first = command.After.CompareTo(command.Prefix) > 0 ? command.After : command.Prefix;
        List<NodeView> page = [];
        foreach ((ScopedName name, NodeEntry node) in state.Nodes.From(new ScopedName(command.Service.Value, first)))
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
        if (state.Nodes.GetDurable(name) is not { } node)
        {
            return new MessagePage([], More: false);
        }

        MailboxPart part = command.Dead ? MailboxPart.Dead : command.Delayed ? MailboxPart.Delayed : MailboxPart.Waiting;
        var from = new MailboxKey(node.Number, part, default);
        if (command.After is { } after)
        {
            if (state.Messages.GetDurable(new Place(after.Revision.Value, after.Ordinal)) is not { } last
                || last.Owner != name || last.MailboxKey.Part != part)
            {
                return new Refused(
                    Refusal.MessageNotFound,
                    $"Message {after} is not in this list any more, so there is no page after it. Begin again without 'after'.");
            }

            from = last.MailboxKey with { Place = last.Place with { Ordinal = last.Place.Ordinal + 1 } };
        }

        int limit = Math.Clamp(command.Limit, 1, Limits.PageEntriesMax);
        long bytes = 0;
        List<MessageView> page = [];
        foreach ((MailboxKey key, Message message) in state.Mailboxes.From(from))
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

            page.Add(message.View(partition, message.Attempts + deliveries.UnrecordedStarts(message), state.Now));
        }

        return new MessagePage([.. page], More: false);
    }

    public Answer Read(FindOldest command)
    {
        var oldest = new Dictionary<long, long>();
        foreach ((_, Message message) in state.Messages.From(default).Take(command.LookedAtMax))
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
        if (id.Partition != partition || id.Revision.Value > state.DurableTotals.Revision || state.Lost.Contains(id.Revision.Value))
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} was never accepted here.");
        }

        if (state.Messages.GetDurable(new Place(id.Revision.Value, id.Ordinal)) is not { } message)
        {
            return new MessageFound(MessageStatus.Finished, null);
        }

        if (message.Owner.Scope != command.Service.Value)
        {
            return new Refused(Refusal.MessageNotFound, $"Message {id} belongs to another service.");
        }

        MessageStatus status = message.Dead ? MessageStatus.Dead
            : message.DueMs > 0 ? MessageStatus.Delayed
            : deliveries.Holds(message) ? MessageStatus.Delivered
            : MessageStatus.Waiting;
        return new MessageFound(status, message.View(partition, message.Attempts + deliveries.UnrecordedStarts(message), state.Now));
    }

    /// <summary>When the first of the delayed messages comes; 0 = none will.</summary>
    private long NextDueMs(NodeEntry node) => node.Delayed == 0 ? 0 : state.Mailboxes
        .From(new MailboxKey(node.Number, MailboxPart.Delayed, default)).Take(Limits.SweepMax)
        .TakeWhile(e => e.Key.Node == node.Number && e.Key.Part == MailboxPart.Delayed).Min(e => e.Value.Due.OnWall(state.Now));

    /// <summary>When the first of its timers fires; 0 = it has none.</summary>
    private long NextTimerMs(NodeEntry node) => node.Timers == 0 ? 0 : TimersOf(node).Min(t => t.Due.OnWall(state.Now));

    /// <summary>Of the first of its timers that has one.</summary>
    private string? TimerTrouble(NodeEntry node) => node.Timers == 0 ? null : TimersOf(node)
        .Select(t => timers.TroubleOf(t) is { } trouble ? $"Timer '{t.Key.Name}' does not fire. {trouble}" : null)
        .FirstOrDefault(t => t is not null);

    private IEnumerable<TimerEntry> TimersOf(NodeEntry node) => state.Timers
        .From(new NodeTimerKey(node.Number, Utf8Name.Empty)).TakeWhile(e => e.Key.Node == node.Number).Select(e => e.Value);

    private static Refused Nothing(NodeCommand command) =>
        new(Refusal.NotFound, $"Node '{command.Node}' holds nothing: no state, no message, no dead letter, no timer.");

    private NodeView View(in ScopedName name, NodeEntry node, bool withState) => new()
    {
        Node = name.Name,
        Waiting = node.Waiting,
        Dead = node.Dead,
        Delayed = node.Delayed,
        Paused = node.Paused,
        Timers = node.Timers,
        Delivered = deliveries.HeldBy(name),
        State = withState ? node.State : null,
        StateContentType = node.StateContentType,
        StateVersion = new Revision(node.StateVersion),
        StateBytes = node.State?.Length ?? 0,
    };
}
