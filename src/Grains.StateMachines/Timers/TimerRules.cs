using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Timers;

/// <summary>Decides what is asked of timers.</summary>
internal sealed class TimerRules(PartitionId partition, TimerTables tables, TimerFiring firing, TimerSchedule schedule)
{
    private PartitionState State => tables.State;

    private MachineLimits Limits => State.Limits;

    public Answer Decide(ChangeTimer command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        bool exists = Find(name, command.Timer.Name) is not null;
        if (command.Timer.Content is null && !exists)
        {
            return new Refused(Refusal.NotFound, $"Node '{command.Node}' has no timer '{command.Timer.Name}'.");
        }

        if ((NodeRules.RefuseNode(name, State) ?? RefuseAll(name, [command.Timer], draft)) is { } refused)
        {
            return refused;
        }

        int waiting = tables.Mail.Nodes.Get(name)?.Pending ?? 0;
        if (command.Timer.Content is not null && waiting >= command.MailboxLimit)
        {
            return Refusals.MailboxFull(command.Node, waiting, command.MailboxLimit);
        }

        if (State.RefuseGrowth(Growth(name, command.Timer)) is { } full)
        {
            return full;
        }

        long revision = draft.Open();
        Emit(name, command.Timer, draft);
        draft.Close(command.Id, exists ? 0 : 1);
        return new TimerChanged(new Revision(revision), !exists);
    }

    /// <summary>Why these changes of one node's timers cannot be.</summary>
    public Refused? RefuseAll(in ScopedName node, TimerChange[] changes, Draft draft)
    {
        int count = tables.Mail.Nodes.Get(node)?.Timers ?? 0;
        HashSet<Utf8Name> named = [];
        foreach (TimerChange change in changes)
        {
            if (!named.Add(change.Name))
            {
                return new Refused(
                    Refusal.LimitExceeded, $"The commit names timer '{change.Name}' twice; name it once.");
            }

            if (change.Content?.SizeBytes > Limits.TimerBytesMax)
            {
                return Refusals.Limit("what a timer sends", change.Content.SizeBytes, Limits.TimerBytesMax);
            }

            if (change.Content is not null && !DueOf(change, draft).IsSet)
            {
                return new Refused(Refusal.BadSchedule,
                    $"Timer '{change.Name}': the partition's server knows no time that '{change.Cron}' names in zone "
                    + $"'{change.Zone ?? "UTC"}'. "
                    + "Is the time zone data of all servers the same?");
            }

            count += (change.Content is null ? 0 : 1) - (Find(node, change.Name) is null ? 0 : 1);
        }

        return count > Limits.TimersMax
            ? Refusals.TooMany("timers of a node", count, Limits.TimersMax)
            : null;
    }

    /// <summary>After <see cref="RefuseAll"/>. To remove one that is not there is nothing.</summary>
    public void Emit(in ScopedName node, TimerChange change, Draft draft)
    {
        if (change.Content is { } content)
        {
            draft.Emit(new TimerSet(node, change.Name, DueOf(change, draft), change.Cron, change.Zone, content));
        }
        else if (Find(node, change.Name) is not null)
        {
            draft.Emit(new TimerRemoved(node, change.Name));
        }
    }

    /// <summary>What the change adds to the node's bytes, or (below zero) takes away.</summary>
    public long Growth(in ScopedName node, TimerChange change) =>
        (change.Content is { } content
            ? new TimerEntry(
                node, new NodeTimerKey(0, change.Name), default, content) { Cron = change.Cron,
                Zone = change.Zone }.Bytes
            : 0)
        - (Find(node, change.Name)?.Bytes ?? 0);

    public Answer Read(ListTimers command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        return tables.Mail.Nodes.GetDurable(name) is not { } node
            ? new Refused(
                Refusal.NotFound,
                $"Node '{command.Node}' holds nothing: no state, no message, no dead letter, no timer.")
            : new TimersFound([.. tables.Of(node).Select(View)]);
    }

    private TimerView View(TimerEntry timer) => new()
    {
        Name = timer.Key.Name,
        Cron = timer.Cron,
        Zone = timer.Zone,
        DueMs = timer.Due.OnWall(State.Now),
        Content = timer.Content,
        Pending = tables.Mail.Messages.GetDurable(timer.Last) is { Dead: false }
            ? new MessageId(partition, new Revision(timer.Last.Revision), timer.Last.Ordinal)
            : null,
        Trouble = firing.TroubleOf(timer),
    };

    private TimerEntry? Find(in ScopedName node, Utf8Name timer) =>
        tables.Mail.Nodes.Get(node) is { } entry ? tables.Timers.Get(new NodeTimerKey(entry.Number, timer)) : null;

    private DueTime DueOf(TimerChange change, Draft draft)
    {
        if (change.Cron is { } cron)
        {
            return new DueTime(schedule(cron, change.Zone, draft.WallMs), Timeline.Wall);
        }

        DueTime due = draft.DueOf(change.Due);
        return due.IsSet ? due : new DueTime(draft.NowMs, Timeline.Uptime);
    }
}
