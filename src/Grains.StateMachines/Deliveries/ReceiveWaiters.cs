using Grains.StateMachines.Batches;
using Grains.StateMachines.Memory;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// The receives that wait. A place in the room is needed only by a caller's, and only once it is known that there is
/// nothing for it; services share the places fairly. Servers that ask on their own behalf take none: they are bounded
/// where they ask.
/// </summary>
internal sealed class ReceiveWaiters(MachineLimits limits, Moments moments)
{
    private readonly Dictionary<object, Waiter> _byTicket = [];
    private readonly FairRoom<long, Waiter> _room = new(limits.WaitingReceivesMax);

    /// <summary>They came, or came back, since the last <see cref="Seat"/>.</summary>
    private readonly List<Waiter> _standing = [];

    public int Count => _byTicket.Count;

    /// <param name="ticket">Whom to answer.</param>
    /// <param name="command">What is asked for.</param>
    /// <param name="queue">Where it stands, last.</param>
    /// <param name="node">Null = any node of the service.</param>
    /// <param name="nowMs">Its wait begins.</param>
    public void Add(object ticket, Receive command, LinkedList<Waiter> queue, NodeActivity? node, long nowMs)
    {
        var waiter = new Waiter(ticket, command, queue, node, nowMs + command.WaitMs);
        _byTicket.Add(ticket, waiter);
        queue.AddLast(waiter);
        waiter.Timer = moments.Arm(waiter, waiter.DeadlineMs);
        _standing.Add(waiter);
    }

    public Waiter? Find(object ticket) => _byTicket.GetValueOrDefault(ticket);

    /// <summary>It waits for a record only, whatever the time: its place is free.</summary>
    public void Choose(Waiter waiter)
    {
        waiter.IsChosen = true;
        _room.Leave(waiter);
    }

    /// <summary>There was nothing after all: it waits again.</summary>
    public void Unchoose(Waiter waiter)
    {
        waiter.IsChosen = false;
        if (!waiter.Gone)
        {
            _standing.Add(waiter);
        }
    }

    public void Forget(Waiter waiter)
    {
        waiter.Gone = true;
        waiter.Queue.Remove(waiter);
        _byTicket.Remove(waiter.Ticket);
        _room.Leave(waiter);
        moments.Disarm(waiter.Timer);
    }

    /// <param name="queue">Of which those are forgotten whose wait is over.</param>
    /// <param name="nowMs">Now.</param>
    /// <param name="over">Gets them, to be answered.</param>
    public void ForgetLate(LinkedList<Waiter> queue, long nowMs, List<Waiter> over)
    {
        for (LinkedListNode<Waiter>? at = queue.First; at is not null;)
        {
            Waiter waiter = at.Value;
            at = at.Next;
            if (waiter.DeadlineMs <= nowMs && !waiter.IsChosen)
            {
                Forget(waiter);
                over.Add(waiter);
            }
        }
    }

    /// <summary>
    /// Everything that is there was handed out: who stands and got nothing needs a place, or is refused.
    /// </summary>
    public void Seat(List<Reply> replies)
    {
        foreach (Waiter waiter in _standing)
        {
            if (waiter.Gone || waiter.IsChosen || waiter.Command.PeekOnly || waiter.Command.OfServer)
            {
                continue;
            }

            if (waiter.Node is { } node && node.Waiters.Count > limits.WaitingReceivesPerNodeMax)
            {
                Refuse(waiter, $"{limits.WaitingReceivesPerNodeMax} receives wait for node '{node.Name.Name}' already, "
                    + "and it has one delivery at a time.");
            }
            else if (!_room.TryEnter(waiter.Command.Service.Value, waiter, out Waiter? sent))
            {
                Refuse(waiter, _full);
            }
            else if (sent is not null)
            {
                Refuse(sent, _full);
            }
        }

        _standing.Clear();

        void Refuse(Waiter waiter, string why)
        {
            Forget(waiter);
            replies.Add(new Reply(waiter.Ticket, Refusals.NoPlace($"{why} Receive again later.")));
        }
    }

    private string _full =>
        $"{limits.WaitingReceivesMax} receives wait in this partition already, and those of no service more than of "
        + "this one.";
}
