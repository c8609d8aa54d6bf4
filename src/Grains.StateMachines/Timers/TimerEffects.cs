using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Timers;

/// <summary>A node has this timer; one of that name is replaced.</summary>
internal sealed record TimerSet(
    ScopedName Node, Utf8Name Name, DueTime Due, string? Cron, string? Zone, MessageContent Content)
    : Effect<TimerTables>
{
    public const byte Number = 60;

    public override byte Kind => Number;

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
        from.Scoped(), from.Name(), DueTime.Read(ref from), from.OptionalText(), from.OptionalText(),
        MessageCodec.Read(ref from));

    protected override void Apply(TimerTables timers, long revision)
    {
        NodeEntry node = timers.Mail.NodeOf(Node);
        var key = new NodeTimerKey(node.Number, Name);
        TimerEntry? present = timers.Timers.Get(key);
        timers.Put(
            new TimerEntry(Node, key, Due, Content) { Cron = Cron, Zone = Zone, Last = present?.Last ?? default });
        timers.Mail.PutNode(Node, node with { Timers = node.Timers + (present is null ? 1 : 0) });
    }
}

/// <summary>A node has no timer of that name any more.</summary>
internal sealed record TimerRemoved(ScopedName Node, Utf8Name Name) : Effect<TimerTables>
{
    public const byte Number = 61;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
    }

    public static TimerRemoved Read(ref RecordReader from) => new(from.Scoped(), from.Name());

    protected override void Apply(TimerTables timers, long revision)
    {
        NodeEntry node = timers.Mail.NodeOf(Node);
        if (!timers.Remove(new NodeTimerKey(node.Number, Name)))
        {
            throw new InvalidOperationException($"Broken invariant: node {Node} has no timer '{Name}' to be removed.");
        }

        timers.Mail.PutNode(Node, node with { Timers = node.Timers - 1 });
    }
}

/// <summary>
/// A timer's time has come: its message is in the mailbox, unless (<paramref name="Skipped"/>) that of the time before
/// is still there. One record with when it fires next; 0 = never again.
/// </summary>
internal sealed record TimerFired(ScopedName Node, Utf8Name Name, int Ordinal, long NextMs, bool Skipped)
    : Effect<TimerTables>
{
    public const byte Number = 62;

    public override byte Kind => Number;

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

    protected override void Apply(TimerTables timers, long revision)
    {
        NodeEntry node = timers.Mail.NodeOf(Node);
        TimerEntry timer = timers.Get(Node, Name);
        Place last = timer.Last;
        if (!Skipped)
        {
            last = new Place(revision, Ordinal);
            var now = new Moment(timers.State.Totals.WallMs, timers.State.Totals.UptimeMs);
            timers.Mail.Add(new Message(last, Node, node.Number, timer.Message(now)) { AcceptedAtMs = now.WallMs });
            node = node with { Waiting = node.Waiting + 1 };
        }

        if (NextMs == 0)
        {
            timers.Remove(timer.Key);
            node = node with { Timers = node.Timers - 1 };
        }
        else
        {
            timers.Put(timer with { Due = new DueTime(NextMs, Timeline.Wall), Last = last });
        }

        timers.Mail.PutNode(Node, node);
    }
}

/// <summary>
/// The time of a timer that fires once has come while the message of its last firing is still there: it fires when that
/// is over.
/// </summary>
internal sealed record TimerHeld(ScopedName Node, Utf8Name Name) : Effect<TimerTables>
{
    public const byte Number = 63;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
    }

    public static TimerHeld Read(ref RecordReader from) => new(from.Scoped(), from.Name());

    protected override void Apply(TimerTables timers, long revision) =>
        timers.Put(timers.Get(Node, Name) with { IsHeld = true });
}

/// <summary>The wall clock was set back: a timer's next time is an earlier one again.</summary>
internal sealed record TimerMoved(ScopedName Node, Utf8Name Name, long DueMs) : Effect<TimerTables>
{
    public const byte Number = 64;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Name(Name);
        to.Varint(DueMs);
    }

    public static TimerMoved Read(ref RecordReader from) => new(from.Scoped(), from.Name(), from.Varint());

    protected override void Apply(TimerTables timers, long revision) =>
        timers.Put(timers.Get(Node, Name) with { Due = new DueTime(DueMs, Timeline.Wall) });
}
