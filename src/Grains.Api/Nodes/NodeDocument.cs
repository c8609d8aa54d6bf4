using System.Text.Json.Serialization;

namespace Grains.Api.Nodes;

/// <summary>What a node holds.</summary>
public sealed class NodeDocument
{
    public required string Node { get; init; }
    public required int Waiting { get; init; }
    public required int Delivered { get; init; }
    public required int Dead { get; init; }

    /// <summary>Messages whose time has not come; absent = none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Delayed { get; init; }

    /// <summary>Nothing of it is handed out; absent = false.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Paused { get; init; }

    /// <summary>Absent = none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Timers { get; init; }

    /// <summary>Absent = no state.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? StateVersion { get; init; }
    public required int StateBytes { get; init; }

    /// <summary>Where it lives; not in lists.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Partition { get; init; }
}

/// <summary>
/// One page of nodes in bytewise order. It may be shorter than asked for; without <see cref="Next"/> it is the last.
/// </summary>
public sealed class NodeList
{
    public required NodeDocument[] Nodes { get; init; }

    /// <summary>The <c>after</c> of the next page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }
}

/// <summary>How many dead letters were retried or discarded.</summary>
public sealed class SettleResult
{
    public required int Settled { get; init; }
}

/// <summary>How many messages were forgotten.</summary>
public sealed class PurgeResult
{
    public required int Waiting { get; init; }
    public required int Dead { get; init; }
}
