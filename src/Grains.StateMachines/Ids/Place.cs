namespace Grains.StateMachines.Ids;

/// <summary>A place in the partition's history: a revision, and one of several things that it brought.</summary>
internal readonly record struct Place(long Revision, int Ordinal) : IComparable<Place>
{
    public int CompareTo(Place other) =>
        Revision != other.Revision ? Revision.CompareTo(other.Revision) : Ordinal.CompareTo(other.Ordinal);
}
