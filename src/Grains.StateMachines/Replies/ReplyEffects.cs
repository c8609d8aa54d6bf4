using Grains.StateMachines.Codecs;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Replies;

/// <summary>A message of this partition has a reply.</summary>
internal sealed record ReplyKept(long Scope, Place Message, int Ordinal, MessageContent Content) : Effect
{
    public override EffectKind Kind => EffectKind.ReplyKept;

    public override void Write(RecordWriter to)
    {
        to.Varint(Scope);
        to.Place(Message);
        to.Varint(Ordinal);
        MessageCodec.Write(to, Content);
    }

    public static ReplyKept Read(ref RecordReader from) =>
        new(from.Varint(), from.Place(), from.Int(), MessageCodec.Read(ref from));

    public override void Apply(PartitionState state, long revision) => state.PutReply(
        new ReplyEntry(Message, new Place(revision, Ordinal), state.Totals.UptimeMs + state.Limits.ReplyMsMax, Content, Scope));
}

/// <summary>A message was sent on: who handles that replies to it.</summary>
internal sealed record ReplyPromised(long Scope, Place Message, int Ordinal) : Effect
{
    public override EffectKind Kind => EffectKind.ReplyPromised;

    public override void Write(RecordWriter to)
    {
        to.Varint(Scope);
        to.Place(Message);
        to.Varint(Ordinal);
    }

    public static ReplyPromised Read(ref RecordReader from) => new(from.Varint(), from.Place(), from.Int());

    public override void Apply(PartitionState state, long revision) => state.PutReply(
        new ReplyEntry(Message, new Place(revision, Ordinal), state.Totals.UptimeMs + state.Limits.ReplyMsMax, Content: null, Scope));
}
