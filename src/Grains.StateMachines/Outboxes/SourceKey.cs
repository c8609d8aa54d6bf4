namespace Grains.StateMachines.Outboxes;

/// <summary>A life of a partition that sends to this one.</summary>
internal readonly record struct SourceKey(uint Source, long Incarnation) : IComparable<SourceKey>
{
    public int CompareTo(SourceKey other) =>
        Source != other.Source ? Source.CompareTo(other.Source) : Incarnation.CompareTo(other.Incarnation);
}
