using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>
/// The key was put (its new version) or deleted (<see cref="Version"/> is the revision that removed it).
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.key-written")]
public sealed record KeyWritten([property: Id(0)] Revision Version, [property: Id(1)] bool Created) : Answer;

/// <summary>A key as it is stored.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-found")]
public sealed record KeyFound([property: Id(0)] KeyView Entry) : Answer;

/// <summary>One page of keys, in order; <see cref="More"/> = there are keys after the last one.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-page")]
public sealed record KeyPage([property: Id(0)] KeyView[] Entries, [property: Id(1)] bool More) : Answer;

/// <summary>
/// A key's content. <see cref="Created"/> is the revision that made it exist, since its last deletion.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.key-view")]
public sealed record KeyView
{
    [Id(0)] public required Utf8Name Key { get; init; }

    /// <summary>Empty where only keys were asked for.</summary>
    [Id(1)] public required byte[] Value { get; init; }
    [Id(2)] public required Revision Version { get; init; }
    [Id(3)] public required Revision Created { get; init; }
    [Id(4)] public string? ContentType { get; init; }

    /// <summary>Ms since 1970, as it looks now; 0 = never.</summary>
    [Id(5)] public long ExpiresAtMs { get; init; }

    /// <summary>The value's size, also where it was left out.</summary>
    [Id(6)] public required int ValueBytes { get; init; }
}
