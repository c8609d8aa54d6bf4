using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Partitions;

/// <summary>What a partition holds, durable unless said otherwise.</summary>
[GenerateSerializer, Immutable, Alias("grains.machine-statistics")]
public sealed record MachineStatistics
{
    [Id(0)] public required Revision Revision { get; init; }
    [Id(1)] public required Epoch Epoch { get; init; }
    [Id(2)] public required int Keys { get; init; }
    [Id(3)] public required int Nodes { get; init; }

    /// <summary>Waiting and dead.</summary>
    [Id(4)] public required int Messages { get; init; }
    [Id(5)] public required int OutboxEntries { get; init; }

    /// <summary>What counts against the partition's budget.</summary>
    [Id(6)] public required long Bytes { get; init; }

    /// <summary>In memory only.</summary>
    [Id(7)] public required int OpenDeliveries { get; init; }

    /// <summary>In memory only.</summary>
    [Id(8)] public required int WaitingReceives { get; init; }

    /// <summary>Messages that this owner has let expire.</summary>
    [Id(9)] public long Expired { get; init; }
}
