using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Mailboxes;

/// <summary>The nodes with their states, the messages that wait for them, and the callers' keys of those.</summary>
internal sealed class MailboxTables : NounTables
{
    public MailboxTables(PartitionState state)
        : base(state)
    {
        Nodes = Table<ScopedName, NodeEntry>();
        Messages = Table<Place, Message>();
        Mailboxes = Table<MailboxKey, Message>();
        Due = Table<DueKey, Message>();
        Ending = Table<DueKey, Message>();
        Idempotency = Table<UInt128, IdempotencyEntry>();
        IdempotencyByAge = Table<Place, IdempotencyEntry>();
        Sections =
        [
            new Section<ScopedName, NodeEntry>(20, "nodes", Nodes, WriteNode, ReadNode),
            new Section<Place, Message>(21, "messages", Messages, WriteMessage, ReadMessage)
            {
                NameOf = m => m.Dead ? "dead letters" : "messages",
            },
            new Section<Place,
            IdempotencyEntry>(22, "idempotency keys", IdempotencyByAge, WriteIdempotency, ReadIdempotency),
        ];
    }

    public Table<ScopedName, NodeEntry> Nodes { get; }

    public Table<Place, Message> Messages { get; }

    public Table<MailboxKey, Message> Mailboxes { get; }

    /// <summary>Those of <see cref="Messages"/> whose time has not come, by it.</summary>
    public Table<DueKey, Message> Due { get; }

    /// <summary>Those of <see cref="Messages"/> that expire, by when.</summary>
    public Table<DueKey, Message> Ending { get; }

    public Table<UInt128, IdempotencyEntry> Idempotency { get; }

    public Table<Place, IdempotencyEntry> IdempotencyByAge { get; }

    /// <summary>
    /// Told of each message that nobody will handle any more, in the change in which that is so: handled, gone or a
    /// dead letter. Whatever stands on messages says here what it does then.
    /// </summary>
    public List<Action<Place, MessageEnd>> OnEnd { get; } = [];

    /// <summary>
    /// Told of each node that is purged with its state, before it is: what other nouns attached to it goes too.
    /// </summary>
    public List<Action<NodeEntry>> OnPurge { get; } = [];

    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
    [
        (MessageAcceptedEffect.Number, MessageAcceptedEffect.Read),
        (MessageDelayed.Number, MessageDelayed.Read),
        (MessageDue.Number, MessageDue.Read),
        (MessagesAcknowledged.Number, MessagesAcknowledged.Read),
        (AttemptsStarted.Number, AttemptsStarted.Read),
        (AttemptsReturned.Number, AttemptsReturned.Read),
        (MessagesDeadLettered.Number, MessagesDeadLettered.Read),
        (DeadLetterRetried.Number, DeadLetterRetried.Read),
        (DeadLetterDiscarded.Number, DeadLetterDiscarded.Read),
        (MessageCancelled.Number, MessageCancelled.Read),
        (MessageExpired.Number, MessageExpired.Read),
        (StateSet.Number, StateSet.Read),
        (StateRemoved.Number, StateRemoved.Read),
        (IdempotencyRemembered.Number, IdempotencyRemembered.Read),
        (NodePaused.Number, NodePaused.Read),
        (NodePurged.Number, NodePurged.Read),
    ];

    /// <summary>The node's entry, numbered now if it has none.</summary>
    public NodeEntry NodeOf(in ScopedName name)
    {
        if (Nodes.Get(name) is { } present)
        {
            return present;
        }

        State.Totals.Bytes += NodeEntry.OverheadBytes + name.Name.Length;
        return new NodeEntry(++State.Totals.LastNode);
    }

    public void PutNode(in ScopedName name, NodeEntry entry)
    {
        if (entry.HoldsNothing)
        {
            State.Totals.Bytes -= NodeEntry.OverheadBytes + name.Name.Length;
            Nodes.Set(name, null);
        }
        else
        {
            Nodes.Set(name, entry);
        }
    }

    public void Add(Message message)
    {
        Messages.Set(message.Id, message);
        Mailboxes.Set(message.MailboxKey, message);
        State.Totals.Bytes += message.Bytes;
        SetTimes(message, message);
    }

    /// <param name="message">As it is.</param>
    /// <param name="end">Whether somebody did what it asked for.</param>
    public void Remove(Message message, MessageEnd end = MessageEnd.Dropped)
    {
        Messages.Set(message.Id, null);
        Mailboxes.Set(message.MailboxKey, null);
        State.Totals.Bytes -= message.Bytes;
        SetTimes(message, null);
        Tell(message.Id, end);
    }

    public void Replace(Message old, Message changed)
    {
        if (old.MailboxKey != changed.MailboxKey)
        {
            Mailboxes.Set(old.MailboxKey, null);
        }

        Messages.Set(changed.Id, changed);
        Mailboxes.Set(changed.MailboxKey, changed);
        State.Totals.Bytes += changed.Bytes - old.Bytes;
        SetTimes(old, null);
        SetTimes(changed, changed);
        if (changed.Dead)
        {
            Tell(changed.Id, MessageEnd.Dead);
        }
    }

    public override void Forget()
    {
        while (IdempotencyByAge.TryFirstDurable(default, out Place age, out IdempotencyEntry oldest)
            && (oldest.ExpiresAtMs <= State.DurableTotals.UptimeMs
                || IdempotencyByAge.Count > State.Limits.IdempotencyKeysMax))
        {
            IdempotencyByAge.RemoveDurable(age);
            if (Idempotency.GetDurable(oldest.Key)?.Message == age)
            {
                Idempotency.RemoveDurable(oldest.Key);
            }
        }
    }

    private void SetTimes(Message message, Message? present)
    {
        if (message.DueMs > 0)
        {
            Due.Set(message.DueKey, present);
        }

        if (message.ExpiresAtMs > 0)
        {
            Ending.Set(new DueKey(Timeline.Uptime, message.ExpiresAtMs, message.Id), present);
        }
    }

    private void Tell(Place message, MessageEnd end)
    {
        foreach (Action<Place, MessageEnd> told in OnEnd)
        {
            told(message, end);
        }
    }

    private static void WriteNode(RecordWriter to, ScopedName name, NodeEntry node)
    {
        to.Scoped(name);
        to.Varint(node.Number);
        to.Varint(node.StateVersion);
        to.OptionalText(node.StateContentType);
        to.OptionalBytes(node.State);
        to.Varint(node.Waiting);
        to.Varint(node.Dead);
        to.Varint(node.Delayed);
        to.Bool(node.Paused);
    }

    private void ReadNode(ref RecordReader from)
    {
        ScopedName name = from.Scoped();
        Nodes.Set(name, new NodeEntry(from.Varint())
        {
            StateVersion = from.Varint(),
            StateContentType = from.OptionalText(),
            State = from.OptionalBytes(),
            Waiting = from.Int(),
            Dead = from.Int(),
            Delayed = from.Int(),
            Paused = from.Bool(),
        });
    }

    private static void WriteMessage(RecordWriter to, Place id, Message message)
    {
        to.Place(id);
        to.Scoped(message.Owner);
        to.Varint(message.Node);
        to.Varint(message.AcceptedAtMs);
        to.Varint(message.Attempts);
        to.Bool(message.Dead);
        to.OptionalText(message.Reason);
        to.Place(message.Place);
        message.Due.Write(to);
        MessageCodec.Write(to, message.Content);
    }

    private void ReadMessage(ref RecordReader from)
    {
        var id = from.Place();
        var owner = from.Scoped();
        long node = from.Varint();
        long acceptedAtMs = from.Varint();
        int attempts = from.Int();
        bool dead = from.Bool();
        string? reason = from.OptionalText();
        var place = from.Place();
        DueTime due = DueTime.Read(ref from);
        var message = new Message(id, owner, node, MessageCodec.Read(ref from))
        {
            AcceptedAtMs = acceptedAtMs,
            Attempts = attempts,
            Dead = dead,
            Reason = reason,
            Place = place,
            DueMs = due.AtMs,
            DueLine = due.Line,
        };
        Messages.Set(id, message);
        Mailboxes.Set(message.MailboxKey, message);
        SetTimes(message, message);
    }

    private static void WriteIdempotency(RecordWriter to, Place age, IdempotencyEntry entry)
    {
        to.Place(age);
        to.Fixed128(entry.Key);
        to.Fixed128(entry.Body);
        to.Varint(entry.ExpiresAtMs);
    }

    private void ReadIdempotency(ref RecordReader from)
    {
        var age = from.Place();
        var entry = new IdempotencyEntry(from.Fixed128(), from.Fixed128(), age, from.Varint());
        Idempotency.Set(entry.Key, entry);
        IdempotencyByAge.Set(age, entry);
    }
}

/// <summary>What became of a message.</summary>
internal enum MessageEnd
{
    /// <summary>Somebody did what it asked for.</summary>
    Handled,

    /// <summary>It waits for a person.</summary>
    Dead,

    /// <summary>It is forgotten, and nobody will handle it.</summary>
    Dropped,
}
