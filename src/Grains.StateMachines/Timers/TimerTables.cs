using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Timers;

/// <summary>The timers of nodes.</summary>
internal sealed class TimerTables : NounTables
{
    public TimerTables(PartitionState state, MailboxTables mail)
        : base(state)
    {
        Mail = mail;
        Timers = Table<NodeTimerKey, TimerEntry>();
        TimersDue = Table<TimerDueKey, TimerEntry>();
        TimersHeld = Table<Place, TimerEntry>();
        Sections = [new Section<NodeTimerKey, TimerEntry>(60, "timers", Timers, Write, Read)];
        mail.OnEnd.Add((message, _) => Release(message));
        mail.OnPurge.Add(RemoveAll);
    }

    /// <summary>Of the nodes that have them.</summary>
    public MailboxTables Mail { get; }

    public Table<NodeTimerKey, TimerEntry> Timers { get; }

    /// <summary>Those that are not held, by when they fire.</summary>
    public Table<TimerDueKey, TimerEntry> TimersDue { get; }

    /// <summary>Those whose time has come while the message of their last firing is there, by it.</summary>
    public Table<Place, TimerEntry> TimersHeld { get; }

    /// <summary>After the nodes, which count them.</summary>
    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
    [
        (TimerSet.Number, TimerSet.Read), (TimerRemoved.Number, TimerRemoved.Read),
        (TimerFired.Number, TimerFired.Read),
        (TimerHeld.Number, TimerHeld.Read), (TimerMoved.Number, TimerMoved.Read),
    ];

    /// <summary>A timer that must be there.</summary>
    public TimerEntry Get(in ScopedName node, Utf8Name name)
    {
        TimerEntry? timer = Timers.Get(new NodeTimerKey(Mail.NodeOf(node).Number, name));
        Invariant.Holds(timer is not null, $"node {node} has timer '{name}'");
        return timer;
    }

    /// <summary>Of one node, by name, durable.</summary>
    public IEnumerable<TimerEntry> Of(NodeEntry node) => Timers
        .From(new NodeTimerKey(node.Number, Utf8Name.Empty)).TakeWhile(e => e.Key.Node == node.Number)
        .Select(e => e.Value);

    public void Put(TimerEntry timer)
    {
        Remove(timer.Key);
        Timers.Set(timer.Key, timer);
        Index(timer, timer);
        State.Totals.Bytes += timer.Bytes;
    }

    /// <returns>False: there was none.</returns>
    public bool Remove(NodeTimerKey key)
    {
        if (Timers.Get(key) is not { } timer)
        {
            return false;
        }

        Timers.Set(key, null);
        Index(timer, null);
        State.Totals.Bytes -= timer.Bytes;
        return true;
    }

    private void RemoveAll(NodeEntry node)
    {
        foreach ((NodeTimerKey timer, _) in Timers.Between(
            new NodeTimerKey(node.Number, Utf8Name.Empty), new NodeTimerKey(node.Number + 1, Utf8Name.Empty)))
        {
            Remove(timer);
        }
    }

    /// <summary>The message is over: a timer that was held for it fires now.</summary>
    private void Release(Place message)
    {
        if (TimersHeld.Get(message) is { } timer)
        {
            Put(timer with { IsHeld = false });
        }
    }

    private void Index(TimerEntry timer, TimerEntry? present)
    {
        if (timer.IsHeld)
        {
            TimersHeld.Set(timer.Last, present);
        }
        else
        {
            TimersDue.Set(timer.DueKey, present);
        }
    }

    private static void Write(RecordWriter to, NodeTimerKey key, TimerEntry timer)
    {
        to.Scoped(timer.Owner);
        to.Varint(key.Node);
        to.Name(key.Name);
        timer.Due.Write(to);
        to.Bool(timer.IsHeld);
        to.OptionalText(timer.Cron);
        to.OptionalText(timer.Zone);
        to.Place(timer.Last);
        MessageCodec.Write(to, timer.Content);
    }

    private void Read(ref RecordReader from)
    {
        ScopedName owner = from.Scoped();
        var key = new NodeTimerKey(from.Varint(), from.Name());
        DueTime due = DueTime.Read(ref from);
        bool isHeld = from.Bool();
        string? cron = from.OptionalText();
        string? zone = from.OptionalText();
        Place last = from.Place();
        var timer = new TimerEntry(owner, key, due, MessageCodec.Read(ref from))
        {
            Cron = cron, Zone = zone, Last = last, IsHeld = isHeld,
        };
        Timers.Set(key, timer);
        Index(timer, timer);
        NodeEntry node = Mail.Nodes.Get(owner)!;
        Mail.Nodes.Set(owner, node with { Timers = node.Timers + 1 });
    }
}
