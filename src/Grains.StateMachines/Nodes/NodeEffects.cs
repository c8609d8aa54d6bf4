using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Nodes;

/// <summary>A node has this state.</summary>
internal sealed record StateSet(ScopedName Node, byte[] Value, string? ContentType) : Effect
{
    public override EffectKind Kind => EffectKind.StateSet;

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

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        state.Totals.Bytes += Value.Length - (node.State?.Length ?? 0);
        state.PutNode(Node, node with { State = Value, StateContentType = ContentType, StateVersion = revision });
    }
}

/// <summary>A node has no state.</summary>
internal sealed record StateRemoved(ScopedName Node) : Effect
{
    public override EffectKind Kind => EffectKind.StateRemoved;

    public override void Write(RecordWriter to) => to.Scoped(Node);

    public static StateRemoved Read(ref RecordReader from) => new(from.Scoped());

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        state.Totals.Bytes -= node.State?.Length ?? 0;
        state.PutNode(Node, node with { State = null, StateContentType = null, StateVersion = 0 });
    }
}

/// <summary>A delivery ended by commit: a repeat of it is answered, not applied.</summary>
internal sealed record DeliveryCommitted(CommitKey Delivery, UInt128 BodyHash, long StateVersion) : Effect
{
    public override EffectKind Kind => EffectKind.DeliveryCommitted;

    public override void Write(RecordWriter to)
    {
        to.Varint(Delivery.Epoch);
        to.Varint(Delivery.Number);
        to.Fixed128(BodyHash);
        to.Varint(StateVersion);
    }

    public static DeliveryCommitted Read(ref RecordReader from) =>
        new(new CommitKey(from.Varint(), from.Varint()), from.Fixed128(), from.Varint());

    public override void Apply(PartitionState state, long revision) =>
        state.RememberCommit(new CommittedDelivery(Delivery, BodyHash, revision, StateVersion));
}

/// <summary>A caller's key stands for this message.</summary>
internal sealed record IdempotencyRemembered(UInt128 Key, UInt128 Body, int Ordinal) : Effect
{
    public override EffectKind Kind => EffectKind.IdempotencyRemembered;

    public override void Write(RecordWriter to)
    {
        to.Fixed128(Key);
        to.Fixed128(Body);
        to.Varint(Ordinal);
    }

    public static IdempotencyRemembered Read(ref RecordReader from) => new(from.Fixed128(), from.Fixed128(), from.Int());

    public override void Apply(PartitionState state, long revision)
    {
        var message = new Place(revision, Ordinal);
        var entry = new IdempotencyEntry(Key, Body, message, state.Totals.UptimeMs + state.Limits.IdempotencyMsMax);
        state.Idempotency.Set(Key, entry);
        state.IdempotencyByAge.Set(message, entry);
    }
}

/// <summary>A node's messages and dead letters are forgotten; with its state and timers, the node is gone.</summary>
internal sealed record NodePurged(ScopedName Node, bool WithState) : Effect
{
    public override EffectKind Kind => EffectKind.NodePurged;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Bool(WithState);
    }

    public static NodePurged Read(ref RecordReader from) => new(from.Scoped(), from.Bool());

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        foreach ((_, Message message) in state.Mailboxes.Between(
            new MailboxKey(node.Number, MailboxPart.Waiting, default), new MailboxKey(node.Number + 1, MailboxPart.Waiting, default)))
        {
            state.RemoveMessage(message);
        }

        if (WithState)
        {
            state.Totals.Bytes -= node.State?.Length ?? 0;
            foreach ((NodeTimerKey timer, _) in state.Timers.Between(
                new NodeTimerKey(node.Number, Utf8Name.Empty), new NodeTimerKey(node.Number + 1, Utf8Name.Empty)))
            {
                state.RemoveTimer(timer);
            }
        }

        state.PutNode(Node, WithState ? new NodeEntry(node.Number) : node with { Waiting = 0, Dead = 0, Delayed = 0 });
    }
}
