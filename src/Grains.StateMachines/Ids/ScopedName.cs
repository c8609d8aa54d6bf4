namespace Grains.StateMachines.Ids;

/// <summary>A name within a keyspace or a service.</summary>
internal readonly record struct ScopedName(long Scope, Utf8Name Name) : IComparable<ScopedName>
{
    public int CompareTo(ScopedName other) =>
        Scope != other.Scope ? Scope.CompareTo(other.Scope) : Name.CompareTo(other.Name);

    public override string ToString() => $"{Scope}/{Name}";
}
