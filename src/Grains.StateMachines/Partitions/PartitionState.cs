using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tables;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// Everything that a partition's records make it hold. Changed by effects only, in decisions and in replay alike;
/// staged until <see cref="Commit"/>, but for replay.
/// </summary>
internal sealed class PartitionState
{
    private readonly Table[] _tables;
    private StateTotals _durable;
    private StateTotals _staged;

    public PartitionState(MachineLimits limits)
    {
        Limits = limits;
        Commands = new CommandWindows(limits);
        _tables =
        [
            Keys, Expiries, Nodes, Messages, Mailboxes, Due, Ending, Outbox, Sources,
            Idempotency, IdempotencyByAge, Commits, CommitsByAge, DroppedScopes,
            Replies, RepliesByAge, Timers, TimersDue, TimersHeld,
        ];
    }

    /// <summary>Changed while records are read only: never while anything is asked.</summary>
    public LostRevisions Lost { get; } = new();

    /// <summary>With the staged effects.</summary>
    public ref StateTotals Totals => ref _staged;

    public StateTotals DurableTotals => _durable;

    /// <summary>Of the last batch, durable or not: how people are told times. Not state: nothing is decided on it.</summary>
    public Moment Now { get; set; }

    /// <summary>Of the batch being decided. Not state: nothing is applied by it.</summary>
    public Room Room { get; set; } = Room.Unlimited;

    /// <summary>Why nothing may grow now; null = it may.</summary>
    public Refused? RefuseGrowth() =>
        Totals.Bytes > Limits.PartitionBytesMax ? Refusals.PartitionFull(this)
        : IsOutOfRoom(0) ? Refusals.ServerFull
        : null;

    /// <summary>Why it may not grow by so much; nothing stands in the way of what shrinks.</summary>
    public Refused? RefuseGrowth(long bytes) =>
        bytes <= 0 ? null
        : Totals.Bytes + bytes > Limits.PartitionBytesMax ? Refusals.PartitionFull(this, bytes)
        : IsOutOfRoom(bytes) ? Refusals.ServerFull
        : null;

    /// <summary>Nothing that grows is to begin of its own accord.</summary>
    public bool IsFull => Totals.Bytes > Limits.PartitionBytesMax || Room.GrowthBytes <= 0;

    private bool IsOutOfRoom(long bytes) =>
        Room.GrowthBytes != long.MaxValue && Totals.Bytes - _durable.Bytes + bytes >= Room.GrowthBytes;

    public MachineLimits Limits { get; }

    public Table<ScopedName, KeyEntry> Keys { get; } = new();

    public Table<ExpiryKey, KeyEntry> Expiries { get; } = new();

    public Table<ScopedName, NodeEntry> Nodes { get; } = new();

    public Table<Place, Message> Messages { get; } = new();

    public Table<MailboxKey, Message> Mailboxes { get; } = new();

    /// <summary>Those of <see cref="Messages"/> whose time has not come, by it.</summary>
    public Table<DueKey, Message> Due { get; } = new();

    /// <summary>Those of <see cref="Messages"/> that expire, by when.</summary>
    public Table<DueKey, Message> Ending { get; } = new();

    public Table<OutboxKey, OutgoingMessage> Outbox { get; } = new();

    public Table<SourceKey, Watermark> Sources { get; } = new();

    public Table<UInt128, IdempotencyEntry> Idempotency { get; } = new();

    public Table<Place, IdempotencyEntry> IdempotencyByAge { get; } = new();

    public Table<CommitKey, CommittedDelivery> Commits { get; } = new();

    public Table<Place, CommittedDelivery> CommitsByAge { get; } = new();

    public Table<Place, DroppedScope> DroppedScopes { get; } = new();

    /// <summary>By the message that they are to.</summary>
    public Table<Place, ReplyEntry> Replies { get; } = new();

    public Table<Place, ReplyEntry> RepliesByAge { get; } = new();

    public Table<NodeTimerKey, TimerEntry> Timers { get; } = new();

    /// <summary>Those that are not held, by when they fire.</summary>
    public Table<TimerDueKey, TimerEntry> TimersDue { get; } = new();

    /// <summary>Those whose time has come while the message of their last firing is there, by it.</summary>
    public Table<Place, TimerEntry> TimersHeld { get; } = new();

    public CommandWindows Commands { get; }

    /// <summary>Messages for whose end somebody waits. Not state: nothing is decided on it.</summary>
    public HashSet<Place> Awaited { get; } = [];

    /// <summary>
    /// Those of <see cref="Awaited"/> to which something happened, perhaps in a batch that never was; true = nobody will
    /// handle it.
    /// </summary>
    public Dictionary<Place, bool> Ended { get; } = [];

    /// <summary>Of the last record that had one; never in a checkpoint, because it is of use to the next record only.</summary>
    public HandOver? HandedOver { get; private set; }

    /// <summary>Replay: what is read is durable, nothing is staged.</summary>
    public bool WriteThrough
    {
        set
        {
            Array.ForEach(_tables, t => t.WriteThrough = value);
        }
    }

    public bool IsDropped(long scope) => DroppedScopes.Get(new Place(scope, 0)) is not null;

    public void Commit()
    {
        foreach (Table table in _tables)
        {
            table.Commit();
        }

        Commands.Commit(_staged.TimeMs);
        _durable = _staged;
        ForgetOldest();
    }

    public void Drop()
    {
        HandedOver = null;
        foreach (Table table in _tables)
        {
            table.Drop();
        }

        Commands.Drop();
        _staged = _durable;
    }

    /// <summary>
    /// Keeps what is only remembered within its bounds. A function of the durable state alone, so that replay forgets
    /// the same.
    /// </summary>
    private void ForgetOldest()
    {
        while (CommitsByAge.Count > Limits.RememberedCommitsMax
            && CommitsByAge.TryFirstDurable(default, out Place at, out CommittedDelivery commit))
        {
            CommitsByAge.RemoveDurable(at);
            Commits.RemoveDurable(commit.Delivery);
        }

        while (IdempotencyByAge.TryFirstDurable(default, out Place age, out IdempotencyEntry oldest)
            && (oldest.ExpiresAtMs <= _durable.UptimeMs || IdempotencyByAge.Count > Limits.IdempotencyKeysMax))
        {
            IdempotencyByAge.RemoveDurable(age);
            if (Idempotency.GetDurable(oldest.Key)?.Message == age)
            {
                Idempotency.RemoveDurable(oldest.Key);
            }
        }

        while (RepliesByAge.TryFirstDurable(default, out Place kept, out ReplyEntry reply)
            && (reply.UntilMs <= _durable.UptimeMs || RepliesByAge.Count > Limits.RepliesMax
                || _durable.ReplyBytes > Limits.RepliesBytesMax))
        {
            RepliesByAge.RemoveDurable(kept);
            Replies.RemoveDurable(reply.Message);
            CountReply(ref _durable, -reply.Bytes);
            CountReply(ref _staged, -reply.Bytes);
        }
    }

    // What several effects share.

    public HandOver HandOverAt(long revision) =>
        HandedOver?.Revision == revision ? HandedOver : HandedOver = new HandOver(revision);

    public void RememberCommit(CommittedDelivery commit)
    {
        Commits.Set(commit.Delivery, commit);
        CommitsByAge.Set(new Place(commit.Revision, 0), commit);
    }

    public void PutKey(in ScopedName name, KeyEntry? entry)
    {
        KeyEntry? present = Keys.Get(name);
        if (present is { ExpiresAtMs: > 0 })
        {
            Expiries.Set(new ExpiryKey(present.ExpiresAtMs, name), null);
        }

        if (entry is { ExpiresAtMs: > 0 })
        {
            Expiries.Set(new ExpiryKey(entry.ExpiresAtMs, name), entry);
        }

        Totals.Bytes += (entry?.Bytes(name.Name.Length) ?? 0) - (present?.Bytes(name.Name.Length) ?? 0);
        Keys.Set(name, entry);
    }

    /// <summary>The node's entry, numbered now if it has none.</summary>
    public NodeEntry NodeOf(in ScopedName name)
    {
        if (Nodes.Get(name) is { } present)
        {
            return present;
        }

        Totals.Bytes += NodeEntry.OverheadBytes + name.Name.Length;
        return new NodeEntry(++Totals.LastNode);
    }

    public void PutNode(in ScopedName name, NodeEntry entry)
    {
        if (entry.HoldsNothing)
        {
            Totals.Bytes -= NodeEntry.OverheadBytes + name.Name.Length;
            Nodes.Set(name, null);
        }
        else
        {
            Nodes.Set(name, entry);
        }
    }

    public void AddMessage(Message message)
    {
        Messages.Set(message.Id, message);
        Mailboxes.Set(message.MailboxKey, message);
        Totals.Bytes += message.Bytes;
        SetTimes(message, message);
    }

    /// <param name="message">As it is.</param>
    /// <param name="isHandled">Somebody did what it asked for; else nobody ever will.</param>
    public void RemoveMessage(Message message, bool isHandled = false)
    {
        Messages.Set(message.Id, null);
        Mailboxes.Set(message.MailboxKey, null);
        Totals.Bytes -= message.Bytes;
        SetTimes(message, null);
        ReleaseTimer(message.Id);
        Tell(message.Id, isDropped: !isHandled);
    }

    public void ReplaceMessage(Message old, Message changed)
    {
        if (old.MailboxKey != changed.MailboxKey)
        {
            Mailboxes.Set(old.MailboxKey, null);
        }

        Messages.Set(changed.Id, changed);
        Mailboxes.Set(changed.MailboxKey, changed);
        Totals.Bytes += changed.Bytes - old.Bytes;
        SetTimes(old, null);
        SetTimes(changed, changed);
        if (changed.Dead)
        {
            ReleaseTimer(changed.Id);
            Tell(changed.Id);
        }
    }

    public void PutReply(ReplyEntry reply)
    {
        if (Replies.Get(reply.Message) is { } promised)
        {
            RepliesByAge.Set(promised.At, null);
            CountReply(ref _staged, -promised.Bytes);
        }

        Replies.Set(reply.Message, reply);
        RepliesByAge.Set(reply.At, reply);
        CountReply(ref _staged, reply.Bytes);
        Tell(reply.Message);
    }

    /// <summary>A timer that must be there.</summary>
    public TimerEntry TimerOf(in ScopedName node, Utf8Name name, EffectKind effect) =>
        Timers.Get(new NodeTimerKey(NodeOf(node).Number, name))
            ?? throw new InvalidOperationException($"Broken invariant: {effect} names timer '{name}', which node {node} has not.");

    public void PutTimer(TimerEntry timer)
    {
        RemoveTimer(timer.Key);
        Timers.Set(timer.Key, timer);
        Index(timer, timer);
        Totals.Bytes += timer.Bytes;
    }

    /// <summary>From a checkpoint, whose totals count it already.</summary>
    public void RestoreTimer(TimerEntry timer)
    {
        Timers.Set(timer.Key, timer);
        Index(timer, timer);
    }

    /// <returns>False: there was none.</returns>
    public bool RemoveTimer(NodeTimerKey key)
    {
        if (Timers.Get(key) is not { } timer)
        {
            return false;
        }

        Timers.Set(key, null);
        Index(timer, null);
        Totals.Bytes -= timer.Bytes;
        return true;
    }

    /// <summary>The message is over: a timer that was held for it fires now.</summary>
    private void ReleaseTimer(Place message)
    {
        if (TimersHeld.Get(message) is { } timer)
        {
            PutTimer(timer with { IsHeld = false });
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

    private void SetTimes(Message message, Message? present)
    {
        if (message.DueMs > 0)
        {
            Due.Set(message.DueKey, present);
        }

        if (message.ExpiresAtMs > 0)
        {
            Ending.Set(new DueKey(Timeline.Uptime, message.ExpiresAtMs, message.Id), present);
        }
    }

    private void Tell(Place message, bool isDropped = false)
    {
        if (Awaited.Count > 0 && Awaited.Contains(message))
        {
            Ended[message] = isDropped;
        }
    }

    private static void CountReply(ref StateTotals totals, long bytes)
    {
        totals.Bytes += bytes;
        totals.ReplyBytes += bytes;
    }
}
