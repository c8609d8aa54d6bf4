using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Outboxes;

/// <summary>An outbox entry's place among those for one partition.</summary>
internal readonly record struct OutboxKey(uint Target, Place Place) : IComparable<OutboxKey>
{
    public int CompareTo(OutboxKey other) =>
        Target != other.Target ? Target.CompareTo(other.Target) : Place.CompareTo(other.Place);
}
