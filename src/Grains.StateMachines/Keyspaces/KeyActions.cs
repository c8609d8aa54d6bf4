using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>
/// One thing done with one key, in its place among the commands of a batch: it sees what came before it.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.key-action")]
public abstract record KeyAction
{
    [Id(0)] public required Utf8Name Key { get; init; }

    /// <summary>What it adds at the most to a record, beside what is there already.</summary>
    public virtual int SizeBytes => 64 + Key.Length;
}

/// <summary>
/// Reads it. In its place, other than <see cref="GetKey"/>, which is answered after the writes of its batch.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.read-key")]
public sealed record ReadKey : KeyAction
{
    /// <summary>False: its size, version and end only.</summary>
    [Id(0)] public bool WithValue { get; init; }
}

/// <summary>Sets its whole value; no content type is kept.</summary>
[GenerateSerializer, Immutable, Alias("grains.set-key")]
public sealed record SetKey : KeyAction
{
    [Id(0)] public required byte[] Value { get; init; }
    [Id(1)] public KeyExpiry Expiry { get; init; }

    /// <summary>
    /// <see cref="ConditionKind.Always"/>, <see cref="ConditionKind.Absent"/> or <see cref="ConditionKind.Exists"/>.
    /// </summary>
    [Id(2)] public ConditionKind Condition { get; init; }

    /// <summary>Answered with the value before.</summary>
    [Id(3)] public bool WithValue { get; init; }

    public override int SizeBytes => base.SizeBytes + Value.Length;
}

/// <summary>Deletes it.</summary>
[GenerateSerializer, Immutable, Alias("grains.remove-key")]
public sealed record RemoveKey : KeyAction
{
    /// <summary>Answered with the value before.</summary>
    [Id(0)] public bool WithValue { get; init; }
}

/// <summary>Adds to the integer that its value is as text; none counts as 0. Its content type stays.</summary>
[GenerateSerializer, Immutable, Alias("grains.add-integer")]
public sealed record AddInteger : KeyAction
{
    [Id(0)] public required long By { get; init; }

    /// <summary>Lives this long from then on, in ms; 0 = its end stays.</summary>
    [Id(1)] public long TtlMs { get; init; }
}

/// <summary>
/// Adds to the decimal number that its value is as text; none counts as 0. Its end and content type stay.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.add-float")]
public sealed record AddFloat : KeyAction
{
    /// <summary>A number as text.</summary>
    [Id(0)] public required byte[] By { get; init; }
}

/// <summary>Writes behind the end of its value. Its end and content type stay.</summary>
[GenerateSerializer, Immutable, Alias("grains.append-bytes")]
public sealed record AppendBytes : KeyAction
{
    [Id(0)] public required byte[] Value { get; init; }

    public override int SizeBytes => base.SizeBytes + Value.Length;
}

/// <summary>
/// Writes over a part of its value; zeros fill what is missing before it. Its end and content type stay.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.write-range")]
public sealed record WriteRange : KeyAction
{
    [Id(0)] public required int Offset { get; init; }
    [Id(1)] public required byte[] Value { get; init; }

    public override int SizeBytes => base.SizeBytes + Value.Length;
}

/// <summary>Changes when it ends, and nothing else.</summary>
[GenerateSerializer, Immutable, Alias("grains.set-expiry")]
public sealed record SetExpiry : KeyAction
{
    [Id(0)] public required KeyExpiry Expiry { get; init; }
    [Id(1)] public ExpiryCondition Condition { get; init; }

    /// <summary>Answered with the value.</summary>
    [Id(2)] public bool WithValue { get; init; }
}

/// <summary>Gives another key of the same partition its value, content type and end.</summary>
[GenerateSerializer, Immutable, Alias("grains.copy-key")]
public sealed record CopyKey : KeyAction
{
    [Id(0)] public required Utf8Name To { get; init; }

    /// <summary>False: not where the other one exists.</summary>
    [Id(1)] public bool Replaces { get; init; }

    /// <summary>This one is deleted.</summary>
    [Id(2)] public bool Moves { get; init; }

    public override int SizeBytes => base.SizeBytes + To.Length;
}

/// <summary>When a key ends.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-expiry")]
public readonly record struct KeyExpiry([property: Id(0)] KeyExpiryKind Kind, [property: Id(1)] long Ms = 0)
{
    /// <summary>Further off is as far: a quarter of a million years.</summary>
    public const long MsMax = 1L << 53;
}

public enum KeyExpiryKind
{
    Never = 0,

    /// <summary>As before; never where the key is new.</summary>
    Keep = 1,

    /// <summary>So many ms after it was decided on; at once where that is none.</summary>
    After = 2,

    /// <summary>
    /// At a time in ms since 1970, turned into a duration when it is decided on: a clock that steps later changes
    /// nothing.
    /// </summary>
    At = 3,
}

/// <summary>When a new end is taken over; a key without one ends later than all.</summary>
public enum ExpiryCondition
{
    Always = 0,

    /// <summary>The key has none.</summary>
    IfNone = 1,

    /// <summary>The key has one.</summary>
    IfAny = 2,

    IfLater = 3,

    IfEarlier = 4,

    /// <summary>The key has one, and that is later.</summary>
    IfAnyEarlier = 5,
}
