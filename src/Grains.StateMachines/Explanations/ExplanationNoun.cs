using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Explanations;

/// <summary>Why a node is moving or not: holds nothing, and sees all that nodes have.</summary>
internal sealed class ExplanationNoun(
    PartitionId partition, MailboxTables mail, TimerTables timers, Leases leases, NodeReads nodes,
    TimerFiring firing) : Noun
{
    private PartitionState State => mail.State;

    public override void Register(RuleBook book) => book.Read<ExplainNode>(Read);

    private Answer Read(ExplainNode command)
    {
        var name = new ScopedName(command.Service.Value, command.Node);
        NodeActivity? activity = leases.ActivityOf(name);
        if (mail.Nodes.GetDurable(name) is not { } node)
        {
            return NodeReads.Nothing(command);
        }

        Message? next = node.Waiting > 0
            ? mail.Mailboxes.From(new MailboxKey(node.Number, MailboxPart.Waiting, default)).First().Value
            : null;
        return new NodeExplained
        {
            Node = nodes.View(name, node, withState: false),
            Next = next?.View(partition, 0, State.Now).Id,
            Attempts = next is null ? 0 : next.Attempts + leases.UnrecordedStarts(next),
            AcceptedAtMs = next?.AcceptedAtMs ?? 0,
            LeaseEndsMs = activity?.Open is { } open ? State.Now.WallOf(open.LeaseEndsMs) : 0,
            HeldUntilMs = activity?.HoldUntilMs > State.Now.UptimeMs ? State.Now.WallOf(activity.HoldUntilMs) : 0,
            IsStarting = activity?.Start is not null,
            WaitingForNode = activity?.Waiters.Count ?? 0,
            WaitingForAny = leases.WaitingForAny(name.Scope),
            Epoch = new Epoch(State.DurableTotals.Epoch),
            NextDueMs = NextDueMs(node),
            NextTimerMs = node.Timers == 0 ? 0 : timers.Of(node).Min(t => t.Due.OnWall(State.Now)),
            TimerTrouble = TimerTrouble(node),
        };
    }

    /// <summary>When the first of the delayed messages comes; 0 = none will.</summary>
    private long NextDueMs(NodeEntry node) => node.Delayed == 0 ? 0 : mail.Mailboxes
        .From(new MailboxKey(node.Number, MailboxPart.Delayed, default)).Take(State.Limits.SweepMax)
        .TakeWhile(e => e.Key.Node == node.Number && e.Key.Part == MailboxPart.Delayed)
        .Min(e => e.Value.Due.OnWall(State.Now));

    /// <summary>Of the first of its timers that has one.</summary>
    private string? TimerTrouble(NodeEntry node) => node.Timers == 0 ? null : timers.Of(node)
        .Select(t => firing.TroubleOf(t) is { } trouble ? $"Timer '{t.Key.Name}' does not fire. {trouble}" : null)
        .FirstOrDefault(t => t is not null);
}
