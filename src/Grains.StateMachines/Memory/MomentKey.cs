namespace Grains.StateMachines.Memory;

/// <summary>A moment at which something is due; unique.</summary>
internal readonly record struct MomentKey(long AtMs, long Number) : IComparable<MomentKey>
{
    public int CompareTo(MomentKey other) =>
        AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Number.CompareTo(other.Number);
}
