using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Keyspaces;

/// <summary>Writes or (where <see cref="Value"/> is null) removes a key that shares the delivery's partition.</summary>
[GenerateSerializer, Immutable, Alias("grains.key-change")]
public sealed record KeyChange
{
    [Id(0)] public required KeyspaceId Keyspace { get; init; }
    [Id(1)] public required Utf8Name Key { get; init; }
    [Id(2)] public byte[]? Value { get; init; }
    [Id(3)] public string? ContentType { get; init; }
    [Id(4)] public Condition Condition { get; init; }
    [Id(5)] public long TtlMs { get; init; }
}
