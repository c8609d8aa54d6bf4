using System.Buffers.Binary;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Tables;

/// <summary>
/// Keys that are compared by bytes which lie elsewhere: eight bytes of each, after those that all keys of a node share,
/// stand in the node beside each other. A search reads these, and one or two keys, instead of a key at each step.
/// </summary>
internal abstract class KeyHeads<TKey>
    where TKey : struct
{
    /// <summary>Null: keys of this kind are compared as they are.</summary>
    public static readonly KeyHeads<TKey>? Of =
        typeof(TKey) == typeof(ScopedName) ? (KeyHeads<TKey>)(object)new ScopedNameHeads() : null;

    /// <summary>How many bytes both begin with; -1 = they have no heads that can be compared.</summary>
    public abstract int Shared(in TKey a, in TKey b);

    /// <summary>Whether a key begins as the first of a node does, or stands before or behind all of it.</summary>
    /// <param name="key">That is looked for.</param>
    /// <param name="first">The smallest of the node.</param>
    /// <param name="skip">What all of the node share.</param>
    /// <returns>0: it begins as they do; below or above 0: before or behind all of them.</returns>
    public abstract int PlaceOf(in TKey key, in TKey first, int skip);

    /// <summary>
    /// A number that is smaller for a smaller key, if both share what is skipped; or the same, then it says nothing.
    /// </summary>
    public abstract ulong HeadOf(in TKey key, int skip);
}

internal sealed class ScopedNameHeads : KeyHeads<ScopedName>
{
    public override int Shared(in ScopedName a, in ScopedName b) =>
        a.Scope != b.Scope ? -1 : a.Name.Span.CommonPrefixLength(b.Name.Span);

    public override int PlaceOf(in ScopedName key, in ScopedName first, int skip)
    {
        if (key.Scope != first.Scope)
        {
            return key.Scope.CompareTo(first.Scope);
        }

        ReadOnlySpan<byte> name = key.Name.Span;
        return name[..Math.Min(name.Length, skip)].SequenceCompareTo(first.Name.Span[..skip]);
    }

    public override ulong HeadOf(in ScopedName key, int skip)
    {
        ReadOnlySpan<byte> name = key.Name.Span;
        ReadOnlySpan<byte> rest = name[Math.Min(skip, name.Length)..];
        if (rest.Length >= sizeof(ulong))
        {
            return BinaryPrimitives.ReadUInt64BigEndian(rest);
        }

        ulong head = 0;
        for (int i = 0; i < rest.Length; i++)
        {
            head |= (ulong)rest[i] << (8 * (sizeof(ulong) - 1 - i));
        }

        return head;
    }
}
