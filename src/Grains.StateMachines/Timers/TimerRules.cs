using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Timers;

/// <summary>Decides what is asked of timers.</summary>
internal sealed class TimerRules(PartitionId partition, PartitionState state, TimerFiring firing, TimerSchedule schedule)
{
    private MachineLimits Limits => state.Limits;

    public Answer Decide(ChangeTimer command, Draft draft)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        bool exists = Find(name, command.Timer.Name) is not null;
        if (command.Timer.Content is null && !exists)
        {
            return new Refused(Refusal.NotFound, $"Node '{command.Node}' has no timer '{command.Timer.Name}'.");
        }

        if ((NodeRules.RefuseNode(name, state) ?? RefuseAll(name, [command.Timer], draft)) is { } refused)
        {
            return refused;
        }

        int waiting = state.Nodes.Get(name)?.Pending ?? 0;
        if (command.Timer.Content is not null && waiting >= command.MailboxLimit)
        {
            return Refusals.MailboxFull(command.Node, waiting, command.MailboxLimit);
        }

        if (state.RefuseGrowth(Growth(name, command.Timer)) is { } full)
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
        int count = state.Nodes.Get(node)?.Timers ?? 0;
        HashSet<Utf8Name> named = [];
        foreach (TimerChange change in changes)
        {
            if (!named.Add(change.Name))
            {
                return new Refused(Refusal.LimitExceeded, $"The commit names timer '{change.Name}' twice; name it once.");
            }

            if (change.Content?.SizeBytes > Limits.TimerBytesMax)
            {
                return Refusals.Limit("what a timer sends", change.Content.SizeBytes, Limits.TimerBytesMax);
            }

            if (change.Content is not null && !DueOf(change, draft).IsSet)
            {
                return new Refused(Refusal.BadSchedule,
                    $"Timer '{change.Name}': the partition's server knows no time that '{change.Cron}' names in zone '{change.Zone ?? "UTC"}'. "
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
            ? new TimerEntry(node, new NodeTimerKey(0, change.Name), default, content) { Cron = change.Cron, Zone = change.Zone }.Bytes
            : 0)
        - (Find(node, change.Name)?.Bytes ?? 0);

    public Answer Read(ListTimers command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        return state.Nodes.GetDurable(name) is not { } node
            ? new Refused(Refusal.NotFound, $"Node '{command.Node}' holds nothing: no state, no message, no dead letter, no timer.")
            : new TimersFound([.. state.Timers.From(new NodeTimerKey(node.Number, Utf8Name.Empty))
                .TakeWhile(e => e.Key.Node == node.Number).Select(e => View(e.Value))]);
    }

    private TimerView View(TimerEntry timer) => new()
    {
        Name = timer.Key.Name,
        Cron = timer.Cron,
        Zone = timer.Zone,
        DueMs = timer.Due.OnWall(state.Now),
        Content = timer.Content,
        Pending = state.Messages.GetDurable(timer.Last) is { Dead: false }
            ? new MessageId(partition, new Revision(timer.Last.Revision), timer.Last.Ordinal)
            : null,
        Trouble = firing.TroubleOf(timer),
    };

    private TimerEntry? Find(in ScopedName node, Utf8Name timer) =>
        state.Nodes.Get(node) is { } entry ? state.Timers.Get(new NodeTimerKey(entry.Number, timer)) : null;

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
