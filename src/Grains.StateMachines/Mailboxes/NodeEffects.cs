using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>A node has this state.</summary>
internal sealed record StateSet(ScopedName Node, byte[] Value, string? ContentType) : Effect<MailboxTables>
{
    public const byte Number = 31;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.OptionalText(ContentType);
        to.Bytes(Value);
    }

    public static StateSet Read(ref RecordReader from)
    {
        var node = from.Scoped();
        string? contentType = from.OptionalText();
        return new StateSet(node, from.Bytes(), contentType);
    }

    protected override void Apply(MailboxTables mail, long revision)
    {
        NodeEntry node = mail.NodeOf(Node);
        mail.State.Totals.Bytes += Value.Length - (node.State?.Length ?? 0);
        mail.PutNode(Node, node with { State = Value, StateContentType = ContentType, StateVersion = revision });
    }
}

/// <summary>A node has no state.</summary>
internal sealed record StateRemoved(ScopedName Node) : Effect<MailboxTables>
{
    public const byte Number = 32;

    public override byte Kind => Number;

    public override void Write(RecordWriter to) => to.Scoped(Node);

    public static StateRemoved Read(ref RecordReader from) => new(from.Scoped());

    protected override void Apply(MailboxTables mail, long revision)
    {
        NodeEntry node = mail.NodeOf(Node);
        mail.State.Totals.Bytes -= node.State?.Length ?? 0;
        mail.PutNode(Node, node with { State = null, StateContentType = null, StateVersion = 0 });
    }
}

/// <summary>A caller's key stands for this message.</summary>
internal sealed record IdempotencyRemembered(UInt128 Key, UInt128 Body, int Ordinal) : Effect<MailboxTables>
{
    public const byte Number = 33;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Fixed128(Key);
        to.Fixed128(Body);
        to.Varint(Ordinal);
    }

    public static IdempotencyRemembered Read(ref RecordReader from) =>
        new(from.Fixed128(), from.Fixed128(), from.Int());

    protected override void Apply(MailboxTables mail, long revision)
    {
        var message = new Place(revision, Ordinal);
        var entry = new IdempotencyEntry(
            Key, Body, message, mail.State.Totals.UptimeMs + mail.State.Limits.IdempotencyMsMax);
        mail.Idempotency.Set(Key, entry);
        mail.IdempotencyByAge.Set(message, entry);
    }
}

/// <summary>A node's messages and dead letters are forgotten; with its state and timers, the node is gone.</summary>
internal sealed record NodePurged(ScopedName Node, bool WithState) : Effect<MailboxTables>
{
    public const byte Number = 35;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Bool(WithState);
    }

    public static NodePurged Read(ref RecordReader from) => new(from.Scoped(), from.Bool());

    protected override void Apply(MailboxTables mail, long revision)
    {
        NodeEntry node = mail.NodeOf(Node);
        foreach ((_, Message message) in mail.Mailboxes.Between(
            new MailboxKey(node.Number, MailboxPart.Waiting, default),
            new MailboxKey(node.Number + 1, MailboxPart.Waiting, default)))
        {
            mail.Remove(message);
        }

        if (WithState)
        {
            mail.State.Totals.Bytes -= node.State?.Length ?? 0;
            mail.OnPurge.ForEach(purged => purged(node));
        }

        mail.PutNode(Node, WithState ? new NodeEntry(node.Number) : node with { Waiting = 0, Dead = 0, Delayed = 0 });
    }
}
