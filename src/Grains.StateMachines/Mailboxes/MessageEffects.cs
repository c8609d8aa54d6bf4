using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>A message is in a mailbox; or, with a reason, among the node's dead letters at once.</summary>
internal sealed record MessageAcceptedEffect(ScopedName Node, int Ordinal, MessageContent Content, string? DeadReason)
    : Effect<MailboxTables>
{
    public const byte Number = 20;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Varint(Ordinal);
        to.OptionalText(DeadReason);
        MessageCodec.Write(to, Content);
    }

    public static MessageAcceptedEffect Read(ref RecordReader from)
    {
        var node = from.Scoped();
        int ordinal = from.Int();
        string? deadReason = from.OptionalText();
        return new MessageAcceptedEffect(node, ordinal, MessageCodec.Read(ref from), deadReason);
    }

    protected override void Apply(MailboxTables mail, long revision)
    {
        NodeEntry node = mail.NodeOf(Node);
        bool dead = DeadReason is not null;
        mail.Add(new Message(new Place(revision, Ordinal), Node, node.Number, Content)
        {
            AcceptedAtMs = mail.State.Totals.WallMs,
            Dead = dead,
            Reason = DeadReason,
        });
        mail.PutNode(Node, dead ? node with { Dead = node.Dead + 1 } : node with { Waiting = node.Waiting + 1 });
    }
}

/// <summary>An effect on some of one node's waiting messages.</summary>
internal abstract record WaitingMessagesEffect(ScopedName Node, Place[] Messages) : Effect<MailboxTables>
{
    protected void WriteMessages(RecordWriter to)
    {
        to.Scoped(Node);
        to.Varint(Messages.Length);
        foreach (Place message in Messages)
        {
            to.Place(message);
        }
    }

    protected static (ScopedName Node, Place[] Messages) ReadMessages(ref RecordReader from)
    {
        var node = from.Scoped();
        var messages = new Place[from.Int()];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = from.Place();
        }

        return (node, messages);
    }

    protected void Count(MailboxTables mail, int attempts)
    {
        foreach (Place id in Messages)
        {
            Message message = Find(mail, id);
            mail.Replace(message, message with { Attempts = Math.Max(0, message.Attempts + attempts) });
        }
    }

    protected Message Find(MailboxTables mail, Place id) =>
        mail.Messages.Get(id) is { Dead: false, DueMs: 0 } message && message.Owner == Node
            ? message
            : throw new InvalidOperationException(
                $"Broken invariant: {GetType().Name} names message {id}, which does not wait at node {Node}.");
}

/// <summary>These messages are processed.</summary>
internal sealed record MessagesAcknowledged(ScopedName Node, Place[] Messages) : WaitingMessagesEffect(Node, Messages)
{
    public const byte Number = 23;

    public override byte Kind => Number;

    public override void Write(RecordWriter to) => WriteMessages(to);

    public static MessagesAcknowledged Read(ref RecordReader from)
    {
        (ScopedName node, Place[] messages) = ReadMessages(ref from);
        return new MessagesAcknowledged(node, messages);
    }

    protected override void Apply(MailboxTables mail, long revision)
    {
        foreach (Place id in Messages)
        {
            mail.Remove(Find(mail, id), MessageEnd.Handled);
        }

        NodeEntry node = mail.NodeOf(Node);
        mail.PutNode(Node, node with { Waiting = node.Waiting - Messages.Length });
    }
}

/// <summary>One more attempt at each of these messages has begun.</summary>
internal sealed record AttemptsStarted(ScopedName Node, Place[] Messages) : WaitingMessagesEffect(Node, Messages)
{
    public const byte Number = 24;

    public override byte Kind => Number;

    public override void Write(RecordWriter to) => WriteMessages(to);

    public static AttemptsStarted Read(ref RecordReader from)
    {
        (ScopedName node, Place[] messages) = ReadMessages(ref from);
        return new AttemptsStarted(node, messages);
    }

    protected override void Apply(MailboxTables mail, long revision) => Count(mail, attempts: 1);
}

/// <summary>The last attempt at each of these messages does not count: no handler refused or failed them.</summary>
internal sealed record AttemptsReturned(ScopedName Node, Place[] Messages) : WaitingMessagesEffect(Node, Messages)
{
    public const byte Number = 25;

    public override byte Kind => Number;

    public override void Write(RecordWriter to) => WriteMessages(to);

    public static AttemptsReturned Read(ref RecordReader from)
    {
        (ScopedName node, Place[] messages) = ReadMessages(ref from);
        return new AttemptsReturned(node, messages);
    }

    protected override void Apply(MailboxTables mail, long revision) => Count(mail, attempts: -1);
}

/// <summary>These messages wait for a person now.</summary>
internal sealed record MessagesDeadLettered(ScopedName Node, Place[] Messages, string Reason)
    : WaitingMessagesEffect(Node, Messages)
{
    public const byte Number = 26;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        WriteMessages(to);
        to.OptionalText(Reason);
    }

    public static MessagesDeadLettered Read(ref RecordReader from)
    {
        (ScopedName node, Place[] messages) = ReadMessages(ref from);
        return new MessagesDeadLettered(node, messages, from.OptionalText() ?? "");
    }

    protected override void Apply(MailboxTables mail, long revision)
    {
        for (int i = 0; i < Messages.Length; i++)
        {
            Message message = Find(mail, Messages[i]);
            mail.Replace(message, message with { Dead = true, Reason = Reason, Place = new Place(revision, i) });
        }

        NodeEntry node = mail.NodeOf(Node);
        mail.PutNode(Node, node with { Waiting = node.Waiting - Messages.Length, Dead = node.Dead + Messages.Length });
    }
}

/// <summary>An effect on one message, wherever it stands.</summary>
internal abstract record MessageEffect(Place Id) : Effect<MailboxTables>
{
    public sealed override void Write(RecordWriter to) => to.Place(Id);

    protected sealed override void Apply(MailboxTables mail, long revision)
    {
        Message message = mail.Messages.Get(Id)!;
        NodeEntry changed = Apply(mail, message, new Place(revision, 0));
        mail.PutNode(message.Owner, changed);
    }

    /// <param name="state">In which the message is changed, or removed.</param>
    /// <param name="message">As it was.</param>
    /// <param name="tail">The end of its mailbox.</param>
    /// <returns>Its node, counting anew.</returns>
    protected abstract NodeEntry Apply(MailboxTables mail, Message message, Place tail);
}

/// <summary>A dead letter is back at its mailbox's tail, as if new.</summary>
internal sealed record DeadLetterRetried(Place Id) : MessageEffect(Id)
{
    public const byte Number = 27;

    public override byte Kind => Number;

    public static DeadLetterRetried Read(ref RecordReader from) => new(from.Place());

    protected override NodeEntry Apply(MailboxTables mail, Message message, Place tail)
    {
        MessageContent content = message.Content.Metadata is { } metadata
            ? message.Content with { Metadata = metadata.Renewed }
            : message.Content;
        mail.Replace(
            message, message with { Dead = false, Reason = null, Attempts = 0, Place = tail, Content = content });
        NodeEntry node = mail.NodeOf(message.Owner);
        return node with { Waiting = node.Waiting + 1, Dead = node.Dead - 1 };
    }
}

/// <summary>A dead letter is forgotten.</summary>
internal sealed record DeadLetterDiscarded(Place Id) : MessageEffect(Id)
{
    public const byte Number = 28;

    public override byte Kind => Number;

    public static DeadLetterDiscarded Read(ref RecordReader from) => new(from.Place());

    protected override NodeEntry Apply(MailboxTables mail, Message message, Place tail)
    {
        mail.Remove(message);
        NodeEntry node = mail.NodeOf(message.Owner);
        return node with { Dead = node.Dead - 1 };
    }
}
