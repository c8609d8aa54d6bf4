using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Memory;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Replies;

/// <summary>
/// Callers that wait for what comes of a message. In the owner's memory: with it they are told that it is gone, and ask
/// the next owner.
/// </summary>
internal sealed class ReplyWaiters(ReplyTables tables, ReplyRules rules)
{
    private readonly Dictionary<Place, List<ReplyWaiter>> _byMessage = [];
    private readonly Dictionary<object, ReplyWaiter> _byTicket = [];
    private readonly FairRoom<long, ReplyWaiter> _room = new(tables.State.Limits.WaitingForRepliesMax);
    private readonly Tree<MomentKey, ReplyWaiter> _timers = new();
    private long _lastTimer;

    public long? WakeAtMs => _timers.TryFirst(default, out MomentKey first, out _) ? first.AtMs : null;

    /// <summary>Answers now what can be, or would not wait; else it waits, where there is a place.</summary>
    public void Add(object ticket, GetReply command, long nowMs, List<Reply> replies)
    {
        Answer answer = rules.Read(command);
        if (command.WaitMs <= 0 || answer is not ReplyFound { Status: ReplyStatus.Open })
        {
            replies.Add(new Reply(ticket, answer));
            return;
        }

        var message = new Place(command.Message.Revision.Value, command.Message.Ordinal);
        var waiter = new ReplyWaiter(ticket, command, message, new MomentKey(nowMs + command.WaitMs, ++_lastTimer));
        if (!_room.TryEnter(command.Service.Value, waiter, out ReplyWaiter? sent))
        {
            replies.Add(new Reply(ticket, NoPlace()));
            return;
        }

        if (sent is not null)
        {
            Forget(sent);
            replies.Add(new Reply(sent.Ticket, NoPlace()));
        }

        _byTicket.Add(ticket, waiter);
        _timers.Set(waiter.Timer, waiter);
        if (!_byMessage.TryGetValue(message, out List<ReplyWaiter>? waiters))
        {
            _byMessage[message] = waiters = [];
            tables.Awaited.Add(message);
        }

        waiters.Add(waiter);
    }

    /// <summary>Answers those whose message is over, and those whose time is.</summary>
    public void Answer(long nowMs, List<Reply> replies)
    {
        foreach ((Place message, bool isDropped) in tables.Ended)
        {
            foreach (ReplyWaiter waiter in _byMessage.GetValueOrDefault(message)?.ToArray() ?? [])
            {
                Answer answer = rules.Read(waiter.Command);
                if (answer is not ReplyFound { Status: ReplyStatus.Open })
                {
                    Forget(waiter);
                    replies.Add(new Reply(
                        waiter.Ticket,
                        isDropped && answer is ReplyFound { Status: ReplyStatus.Finished }
                            ? new ReplyFound(ReplyStatus.Dropped)
                            : answer));
                }
            }
        }

        tables.Ended.Clear();
        while (_timers.TryFirst(default, out MomentKey first, out ReplyWaiter late) && first.AtMs <= nowMs)
        {
            Forget(late);
            replies.Add(new Reply(late.Ticket, rules.Read(late.Command)));
        }
    }

    public bool Cancel(object ticket)
    {
        if (!_byTicket.TryGetValue(ticket, out ReplyWaiter? waiter))
        {
            return false;
        }

        Forget(waiter);
        return true;
    }

    private Refused NoPlace() => Refusals.NoPlace(
        $"{tables.State.Limits.WaitingForRepliesMax} callers wait for replies in this partition already, and those of "
        + "no service for more "
        + "than of this one. Ask again later.");

    private void Forget(ReplyWaiter waiter)
    {
        _room.Leave(waiter);
        _byTicket.Remove(waiter.Ticket);
        _timers.Remove(waiter.Timer);
        List<ReplyWaiter> waiters = _byMessage[waiter.Message];
        waiters.Remove(waiter);
        if (waiters.Count == 0)
        {
            _byMessage.Remove(waiter.Message);
            tables.Awaited.Remove(waiter.Message);
        }
    }

    private sealed record ReplyWaiter(object Ticket, GetReply Command, Place Message, MomentKey Timer);
}
