using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Outboxes;

/// <summary>A message, or a reply to one, waits to be moved to another partition.</summary>
internal sealed record OutboxAdded(int Ordinal, OutgoingMessage Message) : Effect<OutboxTables>
{
    /// <summary>What an entry costs beside its content, counted against the budget.</summary>
    public const int OverheadBytes = 250;

    public const byte Number = 80;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Ordinal);
        WriteMessage(to, Message);
    }

    public static OutboxAdded Read(ref RecordReader from) => new(from.Int(), ReadMessage(ref from));

    public static void WriteMessage(RecordWriter to, OutgoingMessage message)
    {
        to.Varint(message.Partition.Value);
        to.Varint(message.Service.Value);
        to.Name(message.Node);
        to.Varint(message.MailboxLimit);
        new DueTime(message.DueMs, message.DueLine).Write(to);
        to.Bool(message.ReplyTo is not null);
        if (message.ReplyTo is { } replyTo)
        {
            to.Place(new Place(replyTo.Revision.Value, replyTo.Ordinal));
        }

        MessageCodec.Write(to, message.Content);
    }

    public static OutgoingMessage ReadMessage(ref RecordReader from)
    {
        var partition = new PartitionId((uint)from.Varint());
        var service = new ServiceId(from.Varint());
        Utf8Name node = from.Name();
        int mailboxLimit = from.Int();
        DueTime due = DueTime.Read(ref from);
        MessageId? replyTo = null;
        if (from.Bool())
        {
            Place message = from.Place();
            replyTo = new MessageId(partition, new Revision(message.Revision), message.Ordinal);
        }

        return new OutgoingMessage
        {
            Partition = partition,
            Service = service,
            Node = node,
            MailboxLimit = mailboxLimit,
            DueMs = due.AtMs,
            DueLine = due.Line,
            ReplyTo = replyTo,
            Content = MessageCodec.Read(ref from),
        };
    }

    public static long Bytes(OutgoingMessage message) =>
        OverheadBytes + message.Node.Length + message.Content.SizeBytes;

    protected override void Apply(OutboxTables outbox, long revision)
    {
        outbox.Outbox.Set(new OutboxKey(Message.Partition.Value, new Place(revision, Ordinal)), Message);
        outbox.State.Totals.Bytes += Bytes(Message);
    }
}

/// <summary>The target holds everything up to here.</summary>
internal sealed record OutboxCleared(uint Target, Place UpTo) : Effect<OutboxTables>
{
    public const byte Number = 81;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Target);
        to.Place(UpTo);
    }

    public static OutboxCleared Read(ref RecordReader from) =>
        new((uint)from.Varint(), from.Place());

    protected override void Apply(OutboxTables outbox, long revision)
    {
        var end = new OutboxKey(Target, UpTo with { Ordinal = UpTo.Ordinal + 1 });
        foreach ((OutboxKey key, OutgoingMessage message) in outbox.Outbox.Between(new OutboxKey(Target, default), end))
        {
            outbox.State.Totals.Bytes -= OutboxAdded.Bytes(message);
            outbox.Outbox.Set(key, null);
        }
    }
}

/// <summary>Everything up to here was taken from that life of that partition.</summary>
internal sealed record SourceAdvanced(SourceKey Source, Place UpTo) : Effect<OutboxTables>
{
    public const byte Number = 82;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Source.Source);
        to.Varint(Source.Incarnation);
        to.Place(UpTo);
    }

    public static SourceAdvanced Read(ref RecordReader from) =>
        new(new SourceKey((uint)from.Varint(), from.Varint()), from.Place());

    protected override void Apply(OutboxTables outbox, long revision) =>
        outbox.Sources.Set(Source, new Watermark(UpTo));
}
