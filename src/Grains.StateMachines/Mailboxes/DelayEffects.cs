using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>A message stands beside a node's mailbox until its time comes.</summary>
internal sealed record MessageDelayed(ScopedName Node, int Ordinal, DueTime Due, MessageContent Content)
    : Effect<MailboxTables>
{
    public const byte Number = 21;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Varint(Ordinal);
        Due.Write(to);
        MessageCodec.Write(to, Content);
    }

    public static MessageDelayed Read(ref RecordReader from) =>
        new(from.Scoped(), from.Int(), DueTime.Read(ref from), MessageCodec.Read(ref from));

    protected override void Apply(MailboxTables mail, long revision)
    {
        NodeEntry node = mail.NodeOf(Node);
        mail.Add(new Message(new Place(revision, Ordinal), Node, node.Number, Content)
        {
            AcceptedAtMs = mail.State.Totals.WallMs,
            DueMs = Due.AtMs,
            DueLine = Due.Line,
        });
        mail.PutNode(Node, node with { Delayed = node.Delayed + 1 });
    }
}

/// <summary>A message's time has come: it is at its mailbox's tail.</summary>
internal sealed record MessageDue(Place Id) : MessageEffect(Id)
{
    public const byte Number = 22;

    public override byte Kind => Number;

    public static MessageDue Read(ref RecordReader from) => new(from.Place());

    protected override NodeEntry Apply(MailboxTables mail, Message message, Place tail)
    {
        MessageContent content = message.Content.Metadata is { TtlMs: > 0 } metadata
            ? message.Content with { Metadata = metadata.Begun(mail.State.Totals.UptimeMs) }
            : message.Content;
        mail.Replace(message, message with { DueMs = 0, DueLine = default, Place = tail, Content = content });
        NodeEntry node = mail.NodeOf(message.Owner);
        return node with { Waiting = node.Waiting + 1, Delayed = node.Delayed - 1 };
    }
}

/// <summary>A message that waits, or whose time has not come, is forgotten.</summary>
internal abstract record UnhandledMessageEffect(Place Id) : MessageEffect(Id)
{
    protected sealed override NodeEntry Apply(MailboxTables mail, Message message, Place tail)
    {
        mail.Remove(message);
        NodeEntry node = mail.NodeOf(message.Owner);
        return message.DueMs > 0 ? node with { Delayed = node.Delayed - 1 } : node with { Waiting = node.Waiting - 1 };
    }
}

/// <summary>Its sender took the message back.</summary>
internal sealed record MessageCancelled(Place Id) : UnhandledMessageEffect(Id)
{
    public const byte Number = 29;

    public override byte Kind => Number;

    public static MessageCancelled Read(ref RecordReader from) => new(from.Place());
}

/// <summary>A message that nobody had is forgotten at the end of its time.</summary>
internal sealed record MessageExpired(Place Id) : UnhandledMessageEffect(Id)
{
    public const byte Number = 30;

    public override byte Kind => Number;

    public static MessageExpired Read(ref RecordReader from) => new(from.Place());
}

/// <summary>Nothing of a node is handed out from now on, or it is again.</summary>
internal sealed record NodePaused(ScopedName Node, bool Paused) : Effect<MailboxTables>
{
    public const byte Number = 34;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Bool(Paused);
    }

    public static NodePaused Read(ref RecordReader from) => new(from.Scoped(), from.Bool());

    protected override void Apply(MailboxTables mail, long revision) =>
        mail.PutNode(Node, mail.NodeOf(Node) with { Paused = Paused });
}
