using Grains.Journal;
using Grains.Server.Options;

namespace Grains.Server.Cluster;

/// <summary>Of a cluster: who belongs to it, where its data is, and what is weak about that.</summary>
internal static class ClusterAnnouncement
{
    public static string[] Where(WebApplication server, ClusterOptions cluster) =>
    [
        $"  server      {cluster.Name}, role {cluster.Role.ToString().ToLowerInvariant()}, of the cluster {cluster.Id}",
        $"  members     {Members(server)}",
        $"  data        {cluster.Postgres}, schema {cluster.Schema}",
        $"  durability  {server.Services.GetRequiredService<IJournal>().Durability}",
    ];

    public static IEnumerable<string> Warnings(ClusterOptions cluster)
    {
        if (cluster.AllowLossy)
        {
            yield return $"{Setting.AllowLossy.Switch} is set. Postgres MAY LOSE ANSWERED WRITES. "
                + "Never run real data like this.";
        }

        if (cluster.Tls is null && !Loopback.Is(cluster.Silo.Host))
        {
            yield return "Servers speak without TLS. Who is in between, on the way to "
                + $"{cluster.Silo.Host}:{cluster.Silo.Port}, may read and do everything.";
        }

        if (!cluster.Postgres.IsLocal && !cluster.Postgres.IsVerified)
        {
            yield return "Postgres is not asked who it is. Whoever is in between reads and changes everything: "
                + "set SSL Mode=VerifyFull.";
        }
    }

    private static string Members(WebApplication server) => string.Join(
        ", ",
        server.Services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Members.Values
            .Where(m => m.Status == SiloStatus.Active)
            .OrderBy(m => m.Name, StringComparer.Ordinal)
            .Select(m => $"{m.Name} at {m.SiloAddress.Endpoint}"));
}
