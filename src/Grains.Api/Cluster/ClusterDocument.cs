using System.Text.Json.Serialization;

namespace Grains.Api.Cluster;

/// <summary>The cluster as one server sees it.</summary>
public sealed class ClusterDocument
{
    /// <summary>Names the data: drawn at the first start.</summary>
    public required string Id { get; init; }

    /// <summary>The name of the server that answers.</summary>
    public required string AnsweredBy { get; init; }

    /// <summary>Grows with every change of the members.</summary>
    public required long MembershipVersion { get; init; }

    /// <summary>How many the cluster has, for ever.</summary>
    public required int Partitions { get; init; }

    /// <summary>Partitions without an owner, as far as the answering server has seen; empty = all are served.</summary>
    public required long[] Unserved { get; init; }

    /// <summary>The level at which records are written.</summary>
    public required int FormatLevel { get; init; }

    /// <summary>
    /// Why nothing is pushed and no timer fires; absent = all goes on. <c>POST /v1/cluster:resume</c> ends it.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Paused { get; init; }

    /// <summary>All that are there, or were a moment ago.</summary>
    public required ServerDocument[] Servers { get; init; }
}

/// <summary>One server.</summary>
public sealed class ServerDocument
{
    /// <summary>As it was started: its name in the cluster.</summary>
    public required string Name { get; init; }

    /// <summary>
    /// <c>active</c>, <c>draining</c>, <c>drained</c>, <c>leaving</c>, <c>isolated</c> (it alone does not reach the
    /// database, and has given its partitions up), or <c>unreachable</c> for the one that answers.
    /// </summary>
    public required string Status { get; init; }

    /// <summary>Where other servers reach it.</summary>
    public required string Address { get; init; }

    /// <summary>Whether it may own partitions: false for the role <c>web</c>.</summary>
    public required bool HasPartitions { get; init; }

    /// <summary>How many it owns.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Partitions { get; init; }

    /// <summary>How many it is to own, by the members of now.</summary>
    public required int Assigned { get; init; }

    /// <summary>What its partitions hold in memory.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Bytes { get; init; }

    /// <summary>Of the program.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Version { get; init; }

    /// <summary>The newest level that it can write and read.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? FormatLevelKnown { get; init; }

    /// <summary>When it joined; RFC 3339, UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? StartedAt { get; init; }
}
