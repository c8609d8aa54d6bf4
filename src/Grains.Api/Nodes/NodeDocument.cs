using System.Text.Json.Serialization;

namespace Grains.Api.Nodes;

/// <summary>What a node holds.</summary>
public sealed class NodeDocument
{
    /// <summary>Its id.</summary>
    public required string Node { get; init; }

    /// <summary>Messages in its mailbox that nobody has.</summary>
    public required int Waiting { get; init; }

    /// <summary>Messages that are leased.</summary>
    public required int Delivered { get; init; }

    /// <summary>Dead letters.</summary>
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

    /// <summary>Of its state; 0 = it has none.</summary>
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
    /// <summary>Of this page.</summary>
    public required NodeDocument[] Nodes { get; init; }

    /// <summary>The <c>after</c> of the next page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }
}

/// <summary>How many dead letters were retried or discarded.</summary>
public sealed class SettleResult
{
    /// <summary>Dead letters that were retried or discarded.</summary>
    public required int Settled { get; init; }
}

/// <summary>How many messages were forgotten.</summary>
public sealed class PurgeResult
{
    /// <summary>Messages that were forgotten.</summary>
    public required int Waiting { get; init; }

    /// <summary>Dead letters that were forgotten.</summary>
    public required int Dead { get; init; }
}
