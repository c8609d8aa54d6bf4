using Grains.Api.Cluster;
using Grains.Silo.Ownership;

namespace Grains.FrontEnd.Cluster;

/// <summary>What a server knows of the cluster, as the API shows it.</summary>
internal static class ClusterDocuments
{
    public static ClusterDocument Of(ClusterReport report) => new()
    {
        Id = report.Settings.ClusterId,
        AnsweredBy = report.AnsweredBy,
        MembershipVersion = report.MembershipVersion,
        Partitions = report.Settings.Partitions,
        Unserved = [.. report.Missing.Select(p => (long)p.Value)],
        FormatLevel = report.Settings.FormatLevel,
        Paused = report.Settings.Paused,
        Servers = [.. report.Servers.Select(Of)],
    };

    private static ServerDocument Of(ServerView server) => new()
    {
        Name = server.Name,
        Status = StatusOf(server),
        Address = server.Address,
        HasPartitions = server.HasPartitions,
        Partitions = server.Report?.Partitions,
        Assigned = server.Assigned,
        Bytes = server.Report?.StateBytes,
        Version = server.Report?.Version,
        FormatLevelKnown = server.Report?.FormatLevelKnown,
        StartedAt = server.Report?.StartedAt.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'"),
    };

    private static string StatusOf(ServerView server) => server.Report switch
    {
        null => "unreachable",
        { IsIsolated: true } => "isolated",
        { IsLeaving: true } => "leaving",
        { Partitions: > 0 } when server.IsDrained => "draining",
        _ => server.IsDrained ? "drained" : "active",
    };
}
