using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// What only memory knows of a service that is asked for any node with messages. It exists from the first such
/// question on; nodes that had messages before are looked up step by step.
/// </summary>
internal sealed class ServiceActivity(long service)
{
    /// <summary>In the order in which they came to have something; may have been emptied since.</summary>
    private readonly Queue<ScopedName> _ready = new();
    private readonly HashSet<ScopedName> _known = [];
    private ScopedName _next = new(service, Utf8Name.Empty);

    public LinkedList<Waiter> Waiters { get; } = new();

    /// <summary>Those that only want to know.</summary>
    public LinkedList<Waiter> Peekers { get; } = new();

    /// <summary>Nodes that had messages before the first question are all known.</summary>
    public bool IsWhole { get; private set; }

    public bool IsAsked => Waiters.Count + Peekers.Count > 0;

    /// <summary>The node has something that could be given out, and nobody who asked for it by name.</summary>
    public void Add(in ScopedName node)
    {
        if (_known.Add(node))
        {
            _ready.Enqueue(node);
        }
    }

    /// <summary>The one that has waited longest, which is not known here any more from now on.</summary>
    public bool TryTake(out ScopedName node)
    {
        bool isThere = _ready.TryDequeue(out node);
        if (isThere)
        {
            _known.Remove(node);
        }

        return isThere;
    }

    /// <summary>Looks at some more of the nodes that were there before.</summary>
    public void Look(MailboxTables mail, int nodesMax)
    {
        if (IsWhole)
        {
            return;
        }

        int looked = 0;
        foreach ((ScopedName name, NodeEntry node) in mail.Nodes.From(_next))
        {
            if (name.Scope != service)
            {
                break;
            }

            if (looked++ == nodesMax)
            {
                _next = name;
                return;
            }

            if (node.Waiting > 0)
            {
                Add(name);
            }
        }

        IsWhole = true;
    }
}
