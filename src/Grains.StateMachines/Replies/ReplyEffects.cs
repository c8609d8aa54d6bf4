using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Replies;

/// <summary>A message of this partition has a reply.</summary>
internal sealed record ReplyKept(long Scope, Place Message, int Ordinal, MessageContent Content) : Effect<ReplyTables>
{
    public const byte Number = 70;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Scope);
        to.Place(Message);
        to.Varint(Ordinal);
        MessageCodec.Write(to, Content);
    }

    public static ReplyKept Read(ref RecordReader from) =>
        new(from.Varint(), from.Place(), from.Int(), MessageCodec.Read(ref from));

    protected override void Apply(ReplyTables replies, long revision) => replies.Put(
        new ReplyEntry(
            Message, new Place(revision, Ordinal), replies.State.Totals.UptimeMs + replies.State.Limits.ReplyMsMax,
            Content, Scope));
}

/// <summary>A message was sent on: who handles that replies to it.</summary>
internal sealed record ReplyPromised(long Scope, Place Message, int Ordinal) : Effect<ReplyTables>
{
    public const byte Number = 71;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Scope);
        to.Place(Message);
        to.Varint(Ordinal);
    }

    public static ReplyPromised Read(ref RecordReader from) => new(from.Varint(), from.Place(), from.Int());

    protected override void Apply(ReplyTables replies, long revision) => replies.Put(
        new ReplyEntry(
            Message, new Place(revision, Ordinal), replies.State.Totals.UptimeMs + replies.State.Limits.ReplyMsMax,
            Content: null, Scope));
}
