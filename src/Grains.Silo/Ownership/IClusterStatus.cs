using Grains.Silo.Cluster;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>The cluster's members as this server sees them, and what may be said of them.</summary>
public interface IClusterStatus
{
    Task<ClusterReport> ReadAsync(CancellationToken cancel);

    /// <summary>
    /// Whether a server is to have partitions. Returns when that is stored and told; it gives them away after that.
    /// </summary>
    /// <exception cref="UnknownServerException">No server of this name is known.</exception>
    Task DrainAsync(string server, bool drained, CancellationToken cancel);

    /// <summary>Push and timers of a restored copy go on. Returns when that is stored and told.</summary>
    Task ResumeAsync(CancellationToken cancel);

    /// <summary>From now on records are written at the newest level of this version. Returns that level.</summary>
    /// <exception cref="FormatLevelException">Some server cannot read it.</exception>
    Task<int> RaiseFormatAsync(CancellationToken cancel);
}

/// <summary>The cluster as one server sees it.</summary>
public sealed record ClusterReport(
    string AnsweredBy, long MembershipVersion, ClusterSettings Settings, IReadOnlyList<PartitionId> Missing,
    ServerView[] Servers);

/// <summary>One active server.</summary>
public sealed record ServerView
{
    public required string Name { get; init; }

    public required string Address { get; init; }

    public required bool HasPartitions { get; init; }

    public required bool IsDrained { get; init; }

    /// <summary>Partitions that the present members give it.</summary>
    public required int Assigned { get; init; }

    /// <summary>Null = it did not answer.</summary>
    public required ServerReport? Report { get; init; }
}

/// <summary>No such server. The message names those that are there.</summary>
public sealed class UnknownServerException(string server, IEnumerable<string> known)
    : Exception($"No server '{server}' is active or drained. Active are: {string.Join(", ", known.Order())}.");

/// <summary>The format cannot be raised. The message names the servers that stand in the way.</summary>
public sealed class FormatLevelException(int level, IEnumerable<ServerView> behind)
    : Exception(
        $"Format level {level} is not known to, or was not confirmed by: "
        + $"{string.Join(", ", behind.Select(b => b.Name))}. "
        + "Upgrade them, or wait until they answer, and ask again.");
