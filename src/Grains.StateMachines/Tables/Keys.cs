using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.StateMachines.Tables;

/// <summary>A name within a keyspace or a service.</summary>
internal readonly record struct ScopedName(long Scope, Utf8Name Name) : IComparable<ScopedName>
{
    public int CompareTo(ScopedName other) => Scope != other.Scope ? Scope.CompareTo(other.Scope) : Name.CompareTo(other.Name);

    public override string ToString() => $"{Scope}/{Name}";
}

/// <summary>A key that ends at a time.</summary>
internal readonly record struct ExpiryKey(long AtMs, ScopedName Name) : IComparable<ExpiryKey>
{
    public int CompareTo(ExpiryKey other) => AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Name.CompareTo(other.Name);
}

/// <summary>A place in the partition's history: a revision, and one of several things that it brought.</summary>
internal readonly record struct Place(long Revision, int Ordinal) : IComparable<Place>
{
    public int CompareTo(Place other) =>
        Revision != other.Revision ? Revision.CompareTo(other.Revision) : Ordinal.CompareTo(other.Ordinal);
}

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

/// <summary>A message whose time comes.</summary>
internal readonly record struct DueKey(Timeline Line, long AtMs, Place Place) : IComparable<DueKey>
{
    public static DueKey FirstOf(Timeline line) => new(line, 0, default);

    public bool IsOver(in Moment now) => AtMs <= now.On(Line);

    public int CompareTo(DueKey other)
    {
        int order = ((byte)Line).CompareTo((byte)other.Line);
        order = order != 0 ? order : AtMs.CompareTo(other.AtMs);
        return order != 0 ? order : Place.CompareTo(other.Place);
    }
}

/// <summary>An outbox entry's place among those for one partition.</summary>
internal readonly record struct OutboxKey(uint Target, Place Place) : IComparable<OutboxKey>
{
    public int CompareTo(OutboxKey other) => Target != other.Target ? Target.CompareTo(other.Target) : Place.CompareTo(other.Place);
}

/// <summary>A life of a partition that sends to this one.</summary>
internal readonly record struct SourceKey(uint Source, long Incarnation) : IComparable<SourceKey>
{
    public int CompareTo(SourceKey other) =>
        Source != other.Source ? Source.CompareTo(other.Source) : Incarnation.CompareTo(other.Incarnation);
}

/// <summary>A delivery that was committed.</summary>
internal readonly record struct CommitKey(long Epoch, long Number) : IComparable<CommitKey>
{
    public int CompareTo(CommitKey other) => Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);
}
