using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>Where a node's message stands.</summary>
internal enum MailboxPart : byte
{
    /// <summary>In its mailbox, waiting or out.</summary>
    Waiting,

    /// <summary>Among its dead letters.</summary>
    Dead,

    /// <summary>Beside its mailbox, until its time comes.</summary>
    Delayed,
}

/// <summary>A message's place in a part of a node's mailbox.</summary>
internal readonly record struct MailboxKey(long Node, MailboxPart Part, Place Place) : IComparable<MailboxKey>
{
    public int CompareTo(MailboxKey other)
    {
        int order = Node.CompareTo(other.Node);
        order = order != 0 ? order : ((byte)Part).CompareTo((byte)other.Part);
        return order != 0 ? order : Place.CompareTo(other.Place);
    }
}
