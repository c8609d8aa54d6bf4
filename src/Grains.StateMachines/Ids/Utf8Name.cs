using System.Text;

namespace Grains.StateMachines.Ids;

/// <summary>
/// A key or node name as UTF-8 bytes, ordered bytewise. The bytes must not be changed once handed over.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.name")]
public readonly struct Utf8Name : IEquatable<Utf8Name>, IComparable<Utf8Name>
{
    public static readonly Utf8Name Empty = new(Array.Empty<byte>());

    [Id(0)] private readonly byte[]? _bytes;

    public Utf8Name(byte[] bytes) => _bytes = bytes;

    public Utf8Name(string text) => _bytes = Encoding.UTF8.GetBytes(text);

    public byte[] Bytes => _bytes ?? [];

    public ReadOnlySpan<byte> Span => _bytes;

    public int Length => _bytes?.Length ?? 0;

    public int CompareTo(Utf8Name other) => Span.SequenceCompareTo(other.Span);

    public bool Equals(Utf8Name other) => Span.SequenceEqual(other.Span);

    public override bool Equals(object? obj) => obj is Utf8Name other && Equals(other);

    public override int GetHashCode()
    {
        HashCode hash = default;
        hash.AddBytes(Span);
        return hash.ToHashCode();
    }

    public static bool operator ==(Utf8Name a, Utf8Name b) => a.Equals(b);

    public static bool operator !=(Utf8Name a, Utf8Name b) => !a.Equals(b);

    public override string ToString() => Encoding.UTF8.GetString(Span);
}
