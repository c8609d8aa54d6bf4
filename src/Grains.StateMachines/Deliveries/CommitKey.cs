namespace Grains.StateMachines.Deliveries;

/// <summary>A delivery that was committed.</summary>
internal readonly record struct CommitKey(long Epoch, long Number) : IComparable<CommitKey>
{
    public int CompareTo(CommitKey other) =>
        Epoch != other.Epoch ? Epoch.CompareTo(other.Epoch) : Number.CompareTo(other.Number);
}
