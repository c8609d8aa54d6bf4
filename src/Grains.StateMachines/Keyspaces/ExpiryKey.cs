using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>A key that ends at a time.</summary>
internal readonly record struct ExpiryKey(long AtMs, ScopedName Name) : IComparable<ExpiryKey>
{
    public int CompareTo(ExpiryKey other) =>
        AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Name.CompareTo(other.Name);
}
