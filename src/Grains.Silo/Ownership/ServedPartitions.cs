using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>What one server says of itself to those that send clients to it.</summary>
[GenerateSerializer, Immutable, Alias("grains.served-partitions")]
public sealed record ServedPartitions
{
    [Id(0)] public required string Server { get; init; }

    /// <summary>Null: clients are not to come. It has no such port, or is about to stop.</summary>
    [Id(1)] public ClientDoor? Door { get; init; }

    [Id(2)] public required PartitionId[] Partitions { get; init; }
}

/// <summary>Where clients that go straight to a partition's server reach one.</summary>
[GenerateSerializer, Immutable, Alias("grains.client-door")]
public sealed record ClientDoor([property: Id(0)] string Host, [property: Id(1)] int Port);
