using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>Decides what is asked of nodes and their mailboxes, deliveries apart.</summary>
internal sealed class NodeRules(PartitionId partition, MailboxTables tables, ILeases leases)
{
    private PartitionState State => tables.State;

    /// <summary>
    /// Messages whose time was over before here were looked at; those that were leased then are met at their return.
    /// </summary>
    private DueKey _ended = DueKey.FirstOf(Timeline.Uptime);

    /// <summary>When the first message expires that was not looked at; null = none does.</summary>
    public long? ExpiryAtMs => tables.Ending.TryFirstDurable(_ended, out DueKey next, out _) ? next.AtMs : null;

    private int _expiring;

    /// <summary>Messages that expired here, for the metrics.</summary>
    public long Expired { get; private set; }

    private MachineLimits Limits => State.Limits;

    public Answer Decide(SendMessage command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        if ((RefuseNode(name) ?? RefuseContent(command.Content)) is { } refused)
        {
            return refused;
        }

        if (Repeat(command, draft.NowMs) is { } earlier)
        {
            return earlier;
        }

        DueTime due = draft.DueOf(command.Due);
        MessageContent content = command.Content with { Metadata = MetadataOf(command, due, draft) };
        int waiting = tables.Nodes.Get(name)?.Pending ?? 0;
        if (waiting >= command.MailboxLimit)
        {
            return Refusals.MailboxFull(command.Node, waiting, command.MailboxLimit);
        }

        if (State.RefuseGrowth() is { } full)
        {
            return full;
        }

        long revision = draft.Open();
        int ordinal = draft.NextOrdinal();
        draft.Emit(due.IsSet
            ? new MessageDelayed(name, ordinal, due, content)
            : new MessageAcceptedEffect(name, ordinal, content, TooManyHops(content)));
        if (command.IdempotencyKey is { } remembered)
        {
            draft.Emit(new IdempotencyRemembered(remembered.Key, remembered.Body, ordinal));
        }

        draft.Close(command.Id);
        leases.Touch(name);
        return new MessageAccepted(IdOf(new Place(revision, ordinal)), Repeated: false);
    }

    /// <summary>Its idempotency key is known: the first answer; or it stands for another request.</summary>
    public Answer? Repeat(SendMessage command, long nowMs)
    {
        if (command.IdempotencyKey is not { } key || tables.Idempotency.Get(key.Key) is not { } first
            || first.ExpiresAtMs <= nowMs)
        {
            return null;
        }

        return first.Body == key.Body
            ? new MessageAccepted(IdOf(first.Message), Repeated: true)
            : new Refused(
                Refusal.IdempotencyMismatch,
                "This idempotency key was used with another request. Use a new key for a new request.");
    }

    /// <summary>
    /// It follows from others where its sender carried their count on; one whose time is not now begins a chain.
    /// </summary>
    private static MessageMetadata? MetadataOf(SendMessage command, DueTime due, Draft draft)
    {
        MessageMetadata? follows = !due.IsSet ? command.Content.Metadata : null;
        return command.TtlMs == 0 ? follows : (follows ?? new MessageMetadata()).Lasting(command.TtlMs, due, draft);
    }

    /// <summary>Null: as many as may be.</summary>
    private static string? TooManyHops(MessageContent content) =>
        content.Metadata is { HopsMax: > 0 } metadata && metadata.Hops > metadata.HopsMax
            ? $"It follows from {metadata.Hops} messages, each sent at once by the handling of the one before; "
                + $"'mailbox.maxHops' is {metadata.HopsMax}."
            : null;

    /// <summary>A send of a commit: never refused, a dead letter at the worst.</summary>
    public void Accept(OutgoingMessage message, Draft draft)
    {
        var name = new ScopedName(message.Service.Value, message.Node);
        if (State.IsDropped(name.Scope))
        {
            // Its service is gone, and with it the place where its dead letters would be read.
            return;
        }

        if (message.Content.Metadata?.IsExpired(draft.NowMs) == true)
        {
            Expired++;
            _expiring++;
            return;
        }

        long bound = (long)message.MailboxLimit * Limits.MailboxOverflowFactor;
        string? dead = TooManyHops(message.Content) is { } tooMany ? tooMany
            : (tables.Nodes.Get(name)?.Pending ?? 0) >= bound
            ? $"The mailbox held {bound} messages, {Limits.MailboxOverflowFactor} times its bound."
            : null;
        var due = new DueTime(message.DueMs, message.DueLine);
        draft.Emit(dead is null && due.IsSet && !due.IsOver(draft.Now)
            ? new MessageDelayed(name, draft.NextOrdinal(), due, message.Content)
            : new MessageAcceptedEffect(name, draft.NextOrdinal(), Begun(message.Content, draft), dead));
        leases.Touch(name);
    }

    /// <summary>Messages whose time has come go to the tails of their mailboxes; a bounded number.</summary>
    public void Release(Draft draft)
    {
        Release(Timeline.Wall, draft);
        Release(Timeline.Uptime, draft);
    }

    private void Release(Timeline line, Draft draft)
    {
        if (!tables.Due.TryFirstDurable(DueKey.FirstOf(line), out DueKey first, out _) || first.Line != line
            || !first.IsOver(draft.Now))
        {
            return;
        }

        foreach (Message message in DueNow(first, draft.Now))
        {
            if (draft.IsFull)
            {
                return;
            }

            draft.Open();
            draft.Emit(new MessageDue(message.Id));
            draft.Close();
            leases.Touch(message.Owner);
        }
    }

    private Message[] DueNow(DueKey first, Moment now) =>
    [
        .. tables.Due.From(first).TakeWhile(e => e.Key.Line == first.Line && e.Key.IsOver(now)).Take(Limits.SweepMax)
            .Select(e => e.Value)
    ];

    /// <summary>
    /// A message whose time to live has not begun, and that waits for no time (any more), lives from now on.
    /// </summary>
    private static MessageContent Begun(MessageContent content, Draft draft) =>
        content.Metadata is { TtlMs: > 0 } metadata ? content with { Metadata = metadata.Begun(draft.NowMs) } : content;

    /// <summary>
    /// Messages whose time is over are forgotten, but for those that are leased: a bounded number, and what an earlier
    /// delivery met in its mailbox.
    /// </summary>
    public void Expire(Draft draft)
    {
        _expiring = 0;
        foreach (ScopedName node in leases.Overdue)
        {
            if (ExpireOf(node, draft))
            {
                leases.LookedAt(node);
            }
        }

        if (!tables.Ending.TryFirstDurable(_ended, out DueKey first, out _) || first.AtMs > draft.NowMs)
        {
            return;
        }

        foreach ((DueKey key, Message message) in EndedBy(draft.NowMs))
        {
            if (draft.IsFull)
            {
                return;
            }

            _ended = key with { Place = key.Place with { Ordinal = key.Place.Ordinal + 1 } };
            if (tables.Messages.Get(message.Id) is { } present && !leases.Wants(present))
            {
                Expire(present, draft);
            }
        }
    }

    private KeyValuePair<DueKey, Message>[] EndedBy(long nowMs) =>
        [.. tables.Ending.From(_ended).TakeWhile(e => e.Key.AtMs <= nowMs).Take(Limits.SweepMax)];

    /// <summary>The batch never was: what it expired is still there.</summary>
    public void Drop()
    {
        _ended = DueKey.FirstOf(Timeline.Uptime);
        Expired -= _expiring;
    }

    /// <returns>False: some must wait for the next batch.</returns>
    private bool ExpireOf(in ScopedName name, Draft draft)
    {
        if (tables.Nodes.Get(name) is not { } node)
        {
            return true;
        }

        var head = new MailboxKey(node.Number, MailboxPart.Waiting, default);
        Message[] over = [.. tables.Mailboxes.From(head)
            .TakeWhile(e => e.Key.Node == node.Number && e.Key.Part == MailboxPart.Waiting).Take(Limits.SweepMax)
            .Select(e => e.Value).Where(m => m.Content.Metadata?.IsExpired(draft.NowMs) == true)];
        foreach (Message message in over)
        {
            if (draft.IsFull)
            {
                return false;
            }

            if (tables.Messages.Get(message.Id) is { Dead: false } present && !leases.Wants(present))
            {
                Expire(present, draft);
            }
        }

        return true;
    }

    private void Expire(Message message, Draft draft)
    {
        draft.Open();
        draft.Emit(new MessageExpired(message.Id));
        draft.Close();
        leases.Touch(message.Owner);
        Expired++;
        _expiring++;
    }

    public Answer Decide(CancelMessage command, Draft draft)
    {
        var id = new Place(command.Message.Revision.Value, command.Message.Ordinal);
        if (command.Message.Partition != partition || tables.Messages.Get(id) is not { Dead: false } message
            || message.Owner.Scope != command.Service.Value)
        {
            return new Refused(
                Refusal.MessageNotFound,
                $"No message {command.Message} waits: it was handled, cancelled or purged, or is a dead letter to be "
                + "discarded.");
        }

        if (leases.Wants(message))
        {
            return new Refused(
                Refusal.MessageDelivered,
                $"Message {command.Message} is leased: its handler has it. Nothing was cancelled.");
        }

        long revision = draft.Open();
        draft.Emit(new MessageCancelled(id));
        draft.Close(command.Id);
        return new Done(new Revision(revision));
    }

    public Answer Decide(PauseNode command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        if (RefuseNode(name) is { } refused)
        {
            return refused;
        }

        if ((tables.Nodes.Get(name)?.Paused ?? false) == command.Paused)
        {
            return new Done(new Revision(State.Totals.Revision));
        }

        long revision = draft.Open();
        draft.Emit(new NodePaused(name, command.Paused));
        draft.Close(command.Id);
        leases.Touch(name);
        return new Done(new Revision(revision));
    }

    public Answer Decide(PutState command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        NodeEntry? node = tables.Nodes.Get(name);
        var current = new Revision(node?.StateVersion ?? 0);
        if ((RefuseNode(name) ?? RefuseState(command.State)) is { } refused)
        {
            return refused;
        }

        if (!command.Condition.Holds(current))
        {
            return Refusals.VersionMismatch($"The state of node '{command.Node}'", current, command.Condition);
        }

        if (command.State.Value is null && current == Revision.None)
        {
            return new Refused(Refusal.NotFound, $"Node '{command.Node}' has no state; nothing was deleted.");
        }

        if (command.State.Value?.Length > (node?.State?.Length ?? -1) && State.RefuseGrowth() is { } full)
        {
            return full;
        }

        bool created = current == Revision.None;
        long revision = draft.Open();
        EmitState(name, command.State, draft);
        draft.Close(command.Id, created ? 1 : 0);
        return new StateWritten(new Revision(revision), created);
    }

    public static void EmitState(in ScopedName name, StateChange change, Draft draft)
    {
        if (change.Value is null)
        {
            draft.Emit(new StateRemoved(name));
        }
        else
        {
            draft.Emit(new StateSet(name, change.Value, change.ContentType));
        }
    }

    public Answer Decide(SettleDeadLetter command, Draft draft)
    {
        var id = new Place(command.Message.Revision.Value, command.Message.Ordinal);
        if (command.Message.Partition != partition || tables.Messages.Get(id) is not { Dead: true } message
            || message.Owner != new ScopedName(command.Service.Value, command.Node))
        {
            return new Refused(Refusal.MessageNotFound, $"Node '{command.Node}' has no dead letter {command.Message}.");
        }

        long revision = draft.Open();
        draft.Emit(command.Retry ? new DeadLetterRetried(id) : new DeadLetterDiscarded(id));
        draft.Close(command.Id);
        leases.Touch(message.Owner);
        return new Done(new Revision(revision));
    }

    public Answer Decide(SettleDeadLetters command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        if (tables.Nodes.Get(name) is not { } node)
        {
            return new Refused(Refusal.NotFound, $"Node '{command.Node}' holds nothing.");
        }

        // Each takes a revision of its own, so that they come to the tail one after another. One that became a dead
        // letter in this very batch is left for the next step.
        Place[] dead = [.. tables.Mailboxes.From(new MailboxKey(node.Number, MailboxPart.Dead, default))
            .TakeWhile(e => e.Key.Node == node.Number && e.Key.Part == MailboxPart.Dead)
            .Select(e => e.Value.Id)
            .Where(id => tables.Messages.Get(id) is { Dead: true })
            .Take(Limits.SweepMax)];
        int more = node.Dead > dead.Length ? 1 : 0;
        for (int i = 0; i < dead.Length; i++)
        {
            draft.Open();
            draft.Emit(command.Retry ? new DeadLetterRetried(dead[i]) : new DeadLetterDiscarded(dead[i]));
            draft.Close(i == dead.Length - 1 ? command.Id : default, Counts.Pack(dead.Length, more));
        }

        leases.Touch(name);
        return new Settled(dead.Length, more == 1);
    }

    public Answer Decide(PurgeNode command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        if (tables.Nodes.Get(name) is not { } node)
        {
            return new Refused(Refusal.NotFound, $"Node '{command.Node}' holds nothing.");
        }

        leases.Lose(name);
        draft.Open();
        draft.Emit(new NodePurged(name, command.WithState));
        draft.Close(command.Id, Counts.Pack(node.Pending, node.Dead));
        return new Purged(node.Pending, node.Dead);
    }

    public Answer Decide(DropService command, Draft draft)
    {
        List<ScopedName> names = [];
        bool remaining = false;
        int messages = 0;
        foreach ((ScopedName name, NodeEntry node) in tables.Nodes.From(
            new ScopedName(command.Service.Value, Utf8Name.Empty)))
        {
            if (name.Scope != command.Service.Value)
            {
                break;
            }

            if (messages > Limits.SweepMax)
            {
                remaining = true;
                break;
            }

            messages += 1 + node.Pending + node.Dead + node.Timers;
            names.Add(name);
        }

        // What this batch added before the drop is not among the durable nodes: the first step always asks for another.
        bool first = !State.IsDropped(command.Service.Value);
        if (names.Count > 0 || first)
        {
            draft.Open();
            draft.Emit(new ScopeDropped(command.Service.Value));
            foreach (ScopedName name in names)
            {
                leases.Lose(name);
                draft.Emit(new NodePurged(name, WithState: true));
            }

            draft.Close();
        }

        return new Dropped(remaining || first);
    }

    public Refused? RefuseContent(MessageContent content) => content.SizeBytes > Limits.MessageBytesMax
        ? Refusals.Limit("a message", content.SizeBytes, Limits.MessageBytesMax)
        : null;

    public Refused? RefuseState(StateChange change) => change.Value?.Length > Limits.StateBytesMax
        ? Refusals.Limit("a state", change.Value.Length, Limits.StateBytesMax)
        : null;

    private Refused? RefuseNode(in ScopedName name) => RefuseNode(name, State);

    public static Refused? RefuseNode(in ScopedName name, PartitionState state)
    {
        if (name.Name.Length == 0 || name.Name.Length > state.Limits.NodeBytesMax)
        {
            return Refusals.Limit("a node id", name.Name.Length, state.Limits.NodeBytesMax);
        }

        return state.IsDropped(name.Scope)
            ? new Refused(Refusal.ServiceDeleted, "The service was deleted. Declare it again; it will be another one.")
            : null;
    }

    private MessageId IdOf(Place place) => new(partition, new Revision(place.Revision), place.Ordinal);
}
