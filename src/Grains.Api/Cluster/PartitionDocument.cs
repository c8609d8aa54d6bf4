using System.Text.Json.Serialization;

namespace Grains.Api.Cluster;

/// <summary>One partition as its owner sees it.</summary>
public sealed class PartitionDocument
{
    public required long Partition { get; init; }

    /// <summary><c>unowned</c>, <c>recovering</c> or <c>served</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>The server's name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Owner { get; init; }
    public required long Epoch { get; init; }
    public required long Revision { get; init; }

    /// <summary>The revision of the last checkpoint; 0 = none since this owner began.</summary>
    public required long Checkpoint { get; init; }
    public required int Keys { get; init; }
    public required int Nodes { get; init; }
    public required int Messages { get; init; }
    public required int OutboxEntries { get; init; }

    /// <summary>What counts against the partition's budget.</summary>
    public required long Bytes { get; init; }
    public required int OpenDeliveries { get; init; }
    public required int WaitingReceives { get; init; }
    public required int QueuedCommands { get; init; }

    /// <summary>How long the last take-over took, by phase, in milliseconds.</summary>
    public required RecoveryDocument Recovery { get; init; }

    /// <summary>The longest time that a checkpoint held the partition, in milliseconds.</summary>
    public required double LongestStallMs { get; init; }

    /// <summary>Why it is not served.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Trouble { get; init; }
}

/// <summary>The phases of a take-over, in milliseconds.</summary>
public sealed class RecoveryDocument
{
    public required double AcquireMs { get; init; }
    public required double CheckpointMs { get; init; }
    public required double RecordsMs { get; init; }
}

/// <summary>Every partition, in order.</summary>
public sealed class PartitionList
{
    public required PartitionDocument[] Partitions { get; init; }
}
