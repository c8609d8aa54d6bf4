using System.Text.Json.Serialization;

namespace Grains.Api.Cluster;

/// <summary>One partition as its owner sees it.</summary>
public sealed class PartitionDocument
{
    /// <summary>Its number, from 0.</summary>
    public required long Partition { get; init; }

    /// <summary><c>unowned</c>, <c>recovering</c> or <c>served</c>.</summary>
    public required string Phase { get; init; }

    /// <summary>The server's name.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Owner { get; init; }

    /// <summary>Grows with each owner.</summary>
    public required long Epoch { get; init; }

    /// <summary>Of its last change.</summary>
    public required long Revision { get; init; }

    /// <summary>The revision of the last checkpoint; 0 = none since this owner began.</summary>
    public required long Checkpoint { get; init; }

    /// <summary>How many it holds.</summary>
    public required int Keys { get; init; }

    /// <summary>How many hold anything.</summary>
    public required int Nodes { get; init; }

    /// <summary>Waiting, delayed, leased and dead ones.</summary>
    public required int Messages { get; init; }

    /// <summary>Messages on their way to other partitions.</summary>
    public required int OutboxEntries { get; init; }

    /// <summary>What counts against the partition's budget.</summary>
    public required long Bytes { get; init; }

    /// <summary>Leases that have not ended.</summary>
    public required int OpenDeliveries { get; init; }

    /// <summary>Receives that wait for a delivery here.</summary>
    public required int WaitingReceives { get; init; }

    /// <summary>Commands that wait to be decided.</summary>
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
    /// <summary>To become the owner.</summary>
    public required double AcquireMs { get; init; }

    /// <summary>To read the newest checkpoint.</summary>
    public required double CheckpointMs { get; init; }

    /// <summary>To apply the records after it.</summary>
    public required double RecordsMs { get; init; }
}

/// <summary>Every partition, in order.</summary>
public sealed class PartitionList
{
    /// <summary>All of them, by number.</summary>
    public required PartitionDocument[] Partitions { get; init; }
}
