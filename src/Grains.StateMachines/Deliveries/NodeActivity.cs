using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Memory;

namespace Grains.StateMachines.Deliveries;

/// <summary>What only memory knows of a node that is being worked on or waited for. An idle node has none.</summary>
internal sealed class NodeActivity(ScopedName name)
{
    public ScopedName Name { get; } = name;

    /// <summary>The delivery that is leased; there is at most one.</summary>
    public OpenDelivery? Open { get; set; }

    /// <summary>A delivery whose start must be durable before it goes out.</summary>
    public PendingStart? Start { get; set; }

    /// <summary>Nothing goes out before this time (back-off after a rejection), ms.</summary>
    public long HoldUntilMs { get; set; }

    public LinkedList<Waiter> Waiters { get; } = new();

    public bool IsIdle(long nowMs) => Open is null && Start is null && Waiters.Count == 0 && HoldUntilMs <= nowMs;
}

/// <summary>A receive that waits: for its node, or for any node of its service.</summary>
/// <param name="queue">Where it waits, in the order of arrival.</param>
/// <param name="node">Null = any node of the service.</param>
internal sealed class Waiter(
    object ticket, Receive command, LinkedList<Waiter> queue, NodeActivity? node, long deadlineMs)
{
    public object Ticket { get; } = ticket;

    public Receive Command { get; } = command;

    public LinkedList<Waiter> Queue { get; } = queue;

    public NodeActivity? Node { get; } = node;

    public long DeadlineMs { get; } = deadlineMs;

    /// <summary>Messages were chosen for it; it waits until their attempt is durable, whatever the time.</summary>
    public bool IsChosen { get; set; }

    public MomentKey Timer { get; set; }

    /// <summary>Its caller went away, or it was answered.</summary>
    public bool Gone { get; set; }
}

/// <summary>Messages chosen for a waiter, whose attempt is being made durable first.</summary>
internal sealed class PendingStart(Waiter waiter, Message[] messages)
{
    public Waiter Waiter { get; } = waiter;

    public Message[] Messages { get; } = messages;

    /// <summary>The revision that records the start; 0 until it is staged. The delivery's token.</summary>
    public long Revision { get; set; }
}

/// <summary>A lease in force.</summary>
internal sealed class OpenDelivery(DeliveryId id, NodeActivity node, Message[] messages, Receive command)
{
    public DeliveryId Id { get; } = id;

    public NodeActivity Node { get; } = node;

    public Message[] Messages { get; } = messages;

    /// <summary>What was asked for: lease, attempts, the service's name.</summary>
    public Receive Command { get; } = command;

    public long LeaseEndsMs { get; set; }

    public MomentKey Timer { get; set; }

    /// <summary>The attempt is on record, or staged to be.</summary>
    public bool StartRecorded { get; set; }

    /// <summary>The batch being decided ends it.</summary>
    public bool Ending { get; set; }

    public bool Holds(Place message) => Array.Exists(Messages, m => m.Id == message);
}
