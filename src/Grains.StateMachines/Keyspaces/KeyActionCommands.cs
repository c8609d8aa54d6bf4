using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Does one thing with one key. Answered by <see cref="KeyChanged"/> or <see cref="Refused"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.change-key")]
public sealed record ChangeKey : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required KeyAction Action { get; init; }

    public override int SizeBytes => Action.SizeBytes;
}

/// <summary>
/// Does things with keys of one partition one after another, in one record; one that fails leaves the others. Answered
/// by <see cref="KeysChanged"/> or <see cref="Refused"/>: <see cref="Refusal.VersionMismatch"/> where a watched key has
/// changed.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.key-transaction")]
public sealed record KeyTransaction : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required KeyAction[] Actions { get; init; }
    [Id(2)] public WatchedKey[] Watched { get; init; } = [];

    public override int SizeBytes => 64 + (64 * Watched.Length) + Actions.Sum(a => a.SizeBytes);
}

/// <summary>A key that must still have a version; <see cref="Revision.None"/> = must still be absent.</summary>
[GenerateSerializer, Immutable, Alias("grains.watched-key")]
public readonly record struct WatchedKey([property: Id(0)] Utf8Name Key, [property: Id(1)] Revision Version);

/// <summary>
/// How many keys the keyspace has in this partition, a bounded number at a time. Answered by <see cref="KeysCounted"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.count-keys")]
public sealed record CountKeys : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }

    /// <summary>Only keys after this one; empty = all.</summary>
    [Id(1)] public Utf8Name After { get; init; }

    public override bool IsRead => true;
}

/// <summary>What came of the one thing.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-changed")]
public sealed record KeyChanged([property: Id(0)] KeyResult Result) : Answer;

/// <summary>What came of each, in order; of a repeat that is not known any more, and there are none.</summary>
[GenerateSerializer, Immutable, Alias("grains.keys-changed")]
public sealed record KeysChanged([property: Id(0)] KeyResult[] Results) : Answer
{
    [Id(1)] public bool IsRepeat { get; init; }
}

/// <summary>So many keys, up to <paramref name="Last"/>; <paramref name="More"/> = there are some after it.</summary>
[GenerateSerializer, Immutable, Alias("grains.keys-counted")]
public sealed record KeysCounted(
    [property: Id(0)] int Count, [property: Id(1)] Utf8Name Last, [property: Id(2)] bool More)
    : Answer;

/// <summary>What came of an action.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-result")]
public readonly record struct KeyResult
{
    /// <summary>Why it changed nothing; or, where it says so, why its answer is not given.</summary>
    [Id(0)] public KeyFault Fault { get; init; }

    /// <summary>The key was there before.</summary>
    [Id(1)] public bool Existed { get; init; }

    /// <summary>It did what was asked for.</summary>
    [Id(2)] public bool Changed { get; init; }

    /// <summary>The new integer; else the size of the value as it is now.</summary>
    [Id(3)] public long Number { get; init; }

    /// <summary>Where asked for, the value before; of <see cref="AddFloat"/> the new one.</summary>
    [Id(4)] public byte[]? Value { get; init; }

    /// <summary>Before; none where nothing was.</summary>
    [Id(5)] public Revision Version { get; init; }

    /// <summary>When it ended, before: ms since 1970, as it looks now; 0 = never.</summary>
    [Id(6)] public long ExpiresAtMs { get; init; }

    /// <summary>What was left of its life, in ms; 0 = all time.</summary>
    [Id(7)] public long LeftMs { get; init; }

    /// <summary>
    /// The command was applied under an earlier owner; of what it answered then, only <see cref="Number"/> and
    /// <see cref="Written"/> are known.
    /// </summary>
    [Id(8)] public bool IsRepeat { get; init; }

    /// <summary>The revision that it took: the key's version from then on; none where it wrote nothing.</summary>
    [Id(9)] public Revision Written { get; init; }
}

/// <summary>Why an action of a key changed nothing. Numbers are part of the wire contract between servers.</summary>
public enum KeyFault
{
    None = 0,

    /// <summary>The value is not the text of a 64-bit integer.</summary>
    NotAnInteger = 1,

    /// <summary>The result would be beyond 64 bits.</summary>
    IntegerOverflow = 2,

    /// <summary>The value, or what is to be added, is not the text of a number.</summary>
    NotANumber = 3,

    /// <summary>The result would be no number.</summary>
    NumberOverflow = 4,

    /// <summary>The value would be longer than values may be.</summary>
    TooLong = 5,

    /// <summary>There is no such key to be moved.</summary>
    NoSuchKey = 6,

    /// <summary>It was done; but what it would answer is not known any more.</summary>
    AnswerLost = 7,

    /// <summary>It was done; but the answers of the transaction are together more than one answer may hold.</summary>
    AnswerTooLong = 8,
}
