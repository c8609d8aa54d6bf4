using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Timers;

/// <summary>A node has this timer; one of that name is replaced.</summary>
internal sealed record TimerSet(ScopedName Node, Utf8Name Name, DueTime Due, string? Cron, string? Zone, MessageContent Content) : Effect
{
    public override EffectKind Kind => EffectKind.TimerSet;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
        Due.Write(to);
        to.OptionalText(Cron);
        to.OptionalText(Zone);
        MessageCodec.Write(to, Content);
    }

    public static TimerSet Read(ref RecordReader from) => new(
        from.Scoped(), from.Name(), DueTime.Read(ref from), from.OptionalText(), from.OptionalText(), MessageCodec.Read(ref from));

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        var key = new NodeTimerKey(node.Number, Name);
        TimerEntry? present = state.Timers.Get(key);
        state.PutTimer(new TimerEntry(Node, key, Due, Content) { Cron = Cron, Zone = Zone, Last = present?.Last ?? default });
        state.PutNode(Node, node with { Timers = node.Timers + (present is null ? 1 : 0) });
    }
}

/// <summary>A node has no timer of that name any more.</summary>
internal sealed record TimerRemoved(ScopedName Node, Utf8Name Name) : Effect
{
    public override EffectKind Kind => EffectKind.TimerRemoved;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
    }

    public static TimerRemoved Read(ref RecordReader from) => new(from.Scoped(), from.Name());

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        if (!state.RemoveTimer(new NodeTimerKey(node.Number, Name)))
        {
            throw new InvalidOperationException($"Broken invariant: node {Node} has no timer '{Name}' to be removed.");
        }

        state.PutNode(Node, node with { Timers = node.Timers - 1 });
    }
}

/// <summary>
/// A timer's time has come: its message is in the mailbox, unless (<paramref name="Skipped"/>) that of the time before is
/// still there. One record with when it fires next; 0 = never again.
/// </summary>
internal sealed record TimerFired(ScopedName Node, Utf8Name Name, int Ordinal, long NextMs, bool Skipped) : Effect
{
    public override EffectKind Kind => EffectKind.TimerFired;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
        to.Varint(Ordinal);
        to.Varint(NextMs);
        to.Bool(Skipped);
    }

    public static TimerFired Read(ref RecordReader from) =>
        new(from.Scoped(), from.Name(), from.Int(), from.Varint(), from.Bool());

    public override void Apply(PartitionState state, long revision)
    {
        NodeEntry node = state.NodeOf(Node);
        TimerEntry timer = state.TimerOf(Node, Name, Kind);
        Place last = timer.Last;
        if (!Skipped)
        {
            last = new Place(revision, Ordinal);
            var now = new Moment(state.Totals.WallMs, state.Totals.UptimeMs);
            state.AddMessage(new Message(last, Node, node.Number, timer.Message(now)) { AcceptedAtMs = now.WallMs });
            node = node with { Waiting = node.Waiting + 1 };
        }

        if (NextMs == 0)
        {
            state.RemoveTimer(timer.Key);
            node = node with { Timers = node.Timers - 1 };
        }
        else
        {
            state.PutTimer(timer with { Due = new DueTime(NextMs, Timeline.Wall), Last = last });
        }

        state.PutNode(Node, node);
    }
}

/// <summary>
/// The time of a timer that fires once has come while the message of its last firing is still there: it fires when that
/// is over.
/// </summary>
internal sealed record TimerHeld(ScopedName Node, Utf8Name Name) : Effect
{
    public override EffectKind Kind => EffectKind.TimerHeld;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
    }

    public static TimerHeld Read(ref RecordReader from) => new(from.Scoped(), from.Name());

    public override void Apply(PartitionState state, long revision) =>
        state.PutTimer(state.TimerOf(Node, Name, Kind) with { IsHeld = true });
}

/// <summary>The wall clock was set back: a timer's next time is an earlier one again.</summary>
internal sealed record TimerMoved(ScopedName Node, Utf8Name Name, long DueMs) : Effect
{
    public override EffectKind Kind => EffectKind.TimerMoved;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
        to.Varint(DueMs);
    }

    public static TimerMoved Read(ref RecordReader from) => new(from.Scoped(), from.Name(), from.Varint());

    public override void Apply(PartitionState state, long revision) =>
        state.PutTimer(state.TimerOf(Node, Name, Kind) with { Due = new DueTime(DueMs, Timeline.Wall) });
}
