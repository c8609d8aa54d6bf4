using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Sets a key. Answered by <see cref="KeyWritten"/> or <see cref="Refused"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.put-key")]
public sealed record PutKey : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required Utf8Name Key { get; init; }
    [Id(2)] public required byte[] Value { get; init; }
    [Id(3)] public string? ContentType { get; init; }
    [Id(4)] public Condition Condition { get; init; }

    /// <summary>Lives this long from then on, in ms; 0 = for ever.</summary>
    [Id(5)] public long TtlMs { get; init; }

    public override int SizeBytes => 64 + Key.Length + Value.Length;
}

/// <summary>
/// Removes a key. Answered by <see cref="KeyWritten"/> or <see cref="Refused"/> (<see cref="Refusal.NotFound"/>).
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.delete-key")]
public sealed record DeleteKey : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required Utf8Name Key { get; init; }
    [Id(2)] public Condition Condition { get; init; }

    public override int SizeBytes => 64 + Key.Length;
}

/// <summary>
/// Reads a key. Answered by <see cref="KeyFound"/> or <see cref="Refused"/> (<see cref="Refusal.NotFound"/>).
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.get-key")]
public sealed record GetKey : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required Utf8Name Key { get; init; }

    public override bool IsRead => true;
}

/// <summary>
/// Reads keys of one keyspace in this partition, in bytewise order. Answered by <see cref="KeyPage"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.list-keys")]
public sealed record ListKeys : Command
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }

    /// <summary>Only keys that begin with this.</summary>
    [Id(1)] public Utf8Name Prefix { get; init; }

    /// <summary>First key wanted, included; empty = from the first.</summary>
    [Id(2)] public Utf8Name Start { get; init; }

    /// <summary>First key no longer wanted; empty = to the last.</summary>
    [Id(3)] public Utf8Name End { get; init; }

    /// <summary>Only keys after this one, itself excluded; empty = no bound.</summary>
    [Id(4)] public Utf8Name After { get; init; }

    /// <summary>Most entries in one answer.</summary>
    [Id(5)] public required int Limit { get; init; }

    /// <summary>Leave the values out of the answer.</summary>
    [Id(6)] public bool KeysOnly { get; init; }

    public override bool IsRead => true;
}

/// <summary>Forgets every key of a deleted keyspace, in bounded steps. Answered by <see cref="Dropped"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.drop-keyspace")]
public sealed record DropKeyspace([property: Id(0)] KeyspaceId Keyspace) : Command
{
    public override bool MayRunTwice => true;
}
