using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Partitions;

/// <summary>One partition as its owner sees it.</summary>
[GenerateSerializer, Immutable, Alias("grains.partition-report")]
public sealed record PartitionReport
{
    [Id(0)] public required PartitionId Partition { get; init; }

    [Id(1)] public required PartitionPhase Phase { get; init; }

    /// <summary>The server's name; null where there is none.</summary>
    [Id(2)] public string? Owner { get; init; }

    [Id(3)] public Epoch Epoch { get; init; }

    [Id(4)] public Revision Revision { get; init; }

    [Id(5)] public long Incarnation { get; init; }

    [Id(6)] public MachineStatistics? Statistics { get; init; }

    [Id(7)] public RecoveryTimes Recovery { get; init; }

    [Id(8)] public Revision LastCheckpoint { get; init; }

    [Id(9)] public TimeSpan LongestStall { get; init; }

    [Id(10)] public int QueueDepth { get; init; }

    /// <summary>Why it is not served, for people.</summary>
    [Id(11)] public string? Trouble { get; init; }
}

/// <summary>How far a partition is.</summary>
public enum PartitionPhase
{
    /// <summary>Nobody answers for it.</summary>
    Unowned = 0,

    /// <summary>Acquiring, or reading what is stored.</summary>
    Recovering = 1,

    /// <summary>Answers commands.</summary>
    Served = 2,
}

/// <summary>Where the time of a recovery went.</summary>
[GenerateSerializer, Immutable, Alias("grains.recovery-times")]
public readonly record struct RecoveryTimes(
    [property: Id(0)] TimeSpan Acquire, [property: Id(1)] TimeSpan Checkpoint, [property: Id(2)] TimeSpan Records)
{
    public TimeSpan Total => Acquire + Checkpoint + Records;
}
