using System.Net;
using Grains.Api.Problems;
using Grains.Operations.Errors;

namespace Grains.Operations.Access;

/// <summary>Who asks for an operation, and what they may do. Two are equal if they are on the same account.</summary>
/// <param name="Key">The name of the key; null where nobody needs one.</param>
/// <param name="From">Of a request without a key: where it comes from.</param>
/// <param name="Held">What the caller may do.</param>
public readonly record struct Caller(string? Key, CallerGroup From, Permission Held) : IComparable<Caller>
{
    private static readonly OperationError[] _forbidden =
        [.. Enum.GetValues<Permission>().Select(p => new OperationError(
            ProblemCode.Forbidden, $"This needs a key with the permission '{p.ToString().ToLowerInvariant()}'."))];

    /// <summary>This server, for what it does on its own account.</summary>
    public static Caller Server { get; } = new("$server", default, Permission.Admin);

    /// <summary>Who has given a key.</summary>
    public static Caller Of(HeldKey held) => new(held.Key.Name, default, held.Key.Permission);

    /// <summary>Who comes from there, where no keys are asked for.</summary>
    public static Caller Anyone(IPAddress? from) => new(null, CallerGroup.Of(from), Permission.Admin);

    /// <summary>Null: the caller may.</summary>
    public OperationError? Refuse(Permission needed) => Held >= needed ? null : _forbidden[(int)needed - 1];

    public bool Equals(Caller other) => Key == other.Key && From == other.From;

    public override int GetHashCode() => HashCode.Combine(Key, From);

    public int CompareTo(Caller other) => string.CompareOrdinal(Key, other.Key) is not 0 and var order ? order
        : From.Bits.CompareTo(other.From.Bits);
}
