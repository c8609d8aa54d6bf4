using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Outboxes;

/// <summary>Decides what moves between partitions: each entry counts once, however often it comes.</summary>
internal sealed class OutboxRules(PartitionId partition, OutboxTables tables, NodeRules nodes)
{
    private PartitionState State => tables.State;

    /// <summary>
    /// Who takes an entry that is more than a message for a node, asked in turn; false = it is none of theirs.
    /// </summary>
    public List<Func<OutgoingMessage, Draft, bool>> Takers { get; } = [];

    public Answer Decide(AcceptTransfer command, Draft draft)
    {
        if (command.Entries.Length == 0)
        {
            return new Refused(Refusal.TransferRefused, "A transfer without entries moves nothing.");
        }

        var source = new SourceKey(command.Source.Value, command.SourceIncarnation);
        (Place taken, long newest) = TakenFrom(source);
        if (newest > source.Incarnation)
        {
            return new Refused(
                Refusal.TransferRefused,
                $"History {source.Incarnation} of {command.Source} is over: its history {newest} has sent to "
                + $"{partition} already.");
        }

        foreach (OutboxEntry entry in command.Entries)
        {
            if (entry.Message.Partition != partition)
            {
                return new Refused(
                    Refusal.TransferRefused,
                    $"Entry {entry.Sequence} is for {entry.Message.Partition}, not for {partition}.");
            }
        }

        Place last = taken;
        bool open = false;
        foreach (OutboxEntry entry in command.Entries)
        {
            var place = new Place(entry.Sequence.Revision, entry.Sequence.Ordinal);
            if (place.CompareTo(last) <= 0)
            {
                continue;
            }

            if (!open)
            {
                // Whoever sends is bounded by its own budget, but there are many of them.
                if (State.Totals.Bytes > State.Limits.PartitionBytesMax * State.Limits.PartitionOverflowFactor)
                {
                    return Refusals.PartitionFull(State);
                }

                if (!State.Room.TakesTransfers)
                {
                    return Refusals.ServerFull;
                }

                open = true;
                draft.Open();
            }

            if (!Takers.Exists(take => take(entry.Message, draft)))
            {
                nodes.Accept(Arriving(entry.Message, draft), draft);
            }

            last = place;
        }

        if (open)
        {
            draft.Emit(new SourceAdvanced(source, last));
            draft.Close();
        }

        return new TransferAccepted(new OutboxSequence(last.Revision, last.Ordinal));
    }

    /// <summary>
    /// What was taken from a partition under all its incarnations: entries that were on their way when the history
    /// forked are sent again under the new one, and whatever comes after a fork stands above everything before it.
    /// </summary>
    private (Place UpTo, long NewestIncarnation) TakenFrom(SourceKey source)
    {
        (Place taken, long newest) = (default, 0);
        var all = new SourceKey(source.Source, 0);
        foreach ((SourceKey key, Watermark mark) in tables.Sources.Between(
            all, all with { Incarnation = long.MaxValue }))
        {
            taken = mark.UpTo.CompareTo(taken) > 0 ? mark.UpTo : taken;
            newest = Math.Max(newest, key.Incarnation);
        }

        return (taken, newest);
    }

    public Answer Decide(ClearOutbox command, Draft draft)
    {
        var upTo = new Place(command.UpTo.Revision, command.UpTo.Ordinal);
        bool any = tables.Outbox.TryFirstDurable(
            new OutboxKey(command.Target.Value, default), out OutboxKey first, out _)
            && first.Target == command.Target.Value && first.Place.CompareTo(upTo) <= 0;
        if (!any)
        {
            return new Done(new Revision(State.Totals.Revision));
        }

        long revision = draft.Open();
        draft.Emit(new OutboxCleared(command.Target.Value, upTo));
        draft.Close(command.Id);
        return new Done(new Revision(revision));
    }

    public IReadOnlyCollection<PartitionId> Targets()
    {
        if (tables.Outbox.Count == 0)
        {
            return [];
        }

        List<PartitionId> targets = [];
        var next = default(OutboxKey);
        while (tables.Outbox.TryFirstDurable(next, out OutboxKey first, out _))
        {
            targets.Add(new PartitionId(first.Target));
            next = new OutboxKey(first.Target + 1, default);
        }

        return targets;
    }

    /// <param name="now">Of the reading: what is left of durations is said as of then.</param>
    public OutboxEntry[] Read(PartitionId target, int entriesMax, int bytesMax, in Moment now)
    {
        long bytes = 0;
        List<OutboxEntry> entries = [];
        foreach ((OutboxKey key, OutgoingMessage message) in tables.Outbox.From(new OutboxKey(target.Value, default)))
        {
            bytes += OutboxAdded.Bytes(message);
            if (key.Target != target.Value || entries.Count == entriesMax || (entries.Count > 0 && bytes > bytesMax))
            {
                break;
            }

            entries.Add(
                new OutboxEntry(new OutboxSequence(key.Place.Revision, key.Place.Ordinal), Leaving(message, now)));
        }

        return [.. entries];
    }

    /// <summary>
    /// Uptimes of two partitions have nothing to do with each other: what leaves says what is left of its durations,
    /// and calendar times as they are. The way does not count, so nothing ends early.
    /// </summary>
    private OutgoingMessage Leaving(OutgoingMessage message, in Moment now)
    {
        MessageMetadata? metadata = message.Content.Metadata;
        return message with
        {
            Due = message.DueMs == 0 ? default
                : message.DueLine == Timeline.Wall ? new Due(0, message.DueMs)
                : new Due(Math.Max(1, message.DueMs - now.UptimeMs), 0),
            DueMs = 0,
            DueLine = default,
            Content = metadata is { ExpiresAtMs: > 0 }
                ? message.Content with
                {
                    Metadata = metadata with { ExpiresAtMs = 0, TtlMs = Left(metadata.ExpiresAtMs - now.UptimeMs) },
                }
                : message.Content,
        };
    }

    /// <summary>Below zero: it is over.</summary>
    private static long Left(long ms) => ms > 0 ? ms : -1;

    /// <summary>What is left, on this partition's clocks.</summary>
    private static OutgoingMessage Arriving(OutgoingMessage message, Draft draft)
    {
        DueTime due = draft.DueOf(message.Due);
        bool waitsForTime = due is { IsSet: true, Line: Timeline.Wall };
        MessageMetadata? metadata = message.Content.Metadata switch
        {
            { TtlMs: not 0 } left when !waitsForTime =>
                left.Begun(message.Due.AtMs > 0 ? Math.Max(due.AtMs, draft.NowMs) : draft.NowMs),
            var others => others,
        };
        return message with
        {
            Due = default, DueMs = due.AtMs, DueLine = due.Line, Content = message.Content with { Metadata = metadata },
        };
    }
}
