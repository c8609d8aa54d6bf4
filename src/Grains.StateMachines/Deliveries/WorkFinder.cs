using System.Collections.Immutable;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// Which services have something for the server that runs them. In the owner's memory: the next owner is asked anew. An
/// idle service costs nothing here but, once, a look at whether it has nodes.
/// </summary>
internal sealed class WorkFinder(MailboxTables mail)
{
    private readonly Queue<ServiceId> _unseen = new();
    private readonly HashSet<ServiceId> _named = [];
    private readonly List<ServiceId> _found = [];
    private ImmutableHashSet<ServiceId> _services = [];
    private ScopedName _next;
    private object? _ticket;
    private long _deadlineMs;

    /// <summary>Services are still to be looked at.</summary>
    public bool HasWork => _unseen.Count > 0;

    public long? WakeAtMs => _ticket is null ? null : _deadlineMs;

    public bool IsRun(long service) => _services.Contains(new ServiceId(service));

    /// <summary>A node of it has something, and nobody waits for that.</summary>
    public void Find(long service)
    {
        var id = new ServiceId(service);
        if (_services.Contains(id) && _named.Add(id))
        {
            _found.Add(id);
        }
    }

    /// <summary>Somebody receives from it: what is left after that is to be named again.</summary>
    public void IsAsked(ServiceId service) => _named.Remove(service);

    public void Add(object ticket, FindWork command, long nowMs, List<Reply> replies)
    {
        Answer(replies);
        (_ticket, _deadlineMs, _services) = (ticket, nowMs + command.WaitMs, command.Services);
        foreach (ServiceId service in command.Unseen)
        {
            _named.Remove(service);
            _unseen.Enqueue(service);
        }
    }

    /// <summary>
    /// Looks at what was there before, a bounded number of steps; then answers, if there is something or it is time.
    /// </summary>
    public void Step(long nowMs, List<Reply> replies)
    {
        for (int steps = 0; steps < mail.State.Limits.SweepMax && _unseen.TryPeek(out ServiceId service);)
        {
            if (Look(service, ref steps))
            {
                _unseen.Dequeue();
                _next = default;
            }
        }

        if (_found.Count > 0 || _deadlineMs <= nowMs)
        {
            Answer(replies);
        }
    }

    public bool Cancel(object ticket)
    {
        bool isIt = Equals(_ticket, ticket);
        _ticket = isIt ? null : _ticket;
        return isIt;
    }

    /// <returns>It has been looked at as far as is needed.</returns>
    private bool Look(ServiceId service, ref int steps)
    {
        ScopedName from = _next.Scope == service.Value ? _next : new ScopedName(service.Value, Utf8Name.Empty);
        steps++;
        foreach ((ScopedName name, NodeEntry node) in mail.Nodes.From(from))
        {
            if (name.Scope != service.Value)
            {
                return true;
            }

            if (node.Waiting > 0)
            {
                // Whether it can be handed out is found by who receives; the rest too.
                Find(service.Value);
                return true;
            }

            if (++steps > mail.State.Limits.SweepMax)
            {
                _next = name;
                return false;
            }
        }

        return true;
    }

    private void Answer(List<Reply> replies)
    {
        if (_ticket is { } ticket)
        {
            replies.Add(new Reply(ticket, new WorkFound([.. _found])));
            _found.Clear();
            _ticket = null;
        }
    }
}
