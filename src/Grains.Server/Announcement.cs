using Grains.FrontEnd;
using Grains.Journal;
using Grains.Resp;
using Grains.Server.Cluster;
using Grains.Server.Limits;
using Grains.Server.Options;
using Grains.Silo.Budgets;
using Grains.Silo.Ownership;
using Microsoft.Extensions.Options;

namespace Grains.Server;

/// <summary>What a person reads once the server answers.</summary>
internal static class Announcement
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    public static async Task AnnounceAsync(this WebApplication server, GrainsOptions options)
    {
        var partitions = server.Services.GetRequiredService<PartitionReadiness>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(server.Lifetime.ApplicationStopping);
        patience.CancelAfter(_patience);
        try
        {
            await partitions.WaitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // Those that are missing have said why in the log; the rest serves.
        }

        string[] lines =
        [
            "",
            $"Grains listens on {string.Join(", ", server.Urls)}",
            .. options.Cluster is { } cluster ? ClusterAnnouncement.Where(server, cluster) : Where(server, options),
            .. Redis(server, options),
            $"  partitions  {partitions.Settings.Slots?.Partitions.Count}{Unserved(partitions)}",
            $"  memory      {Memory(server)}",
            .. partitions.Settings.Settings?.Paused is { } why
                ? (string[])[$"  PAUSED      push and timers: {why}; POST /v1/cluster:resume when the other one is "
                    + "gone"]
                : [],
            "",
            .. options.Cluster is { HasApi: false }
                ? []
                : Try(Reachable(server.Urls.First()), options.KeysFile is not null),
        ];
        Console.Out.WriteLine(string.Join(Environment.NewLine, lines));
        foreach (string warning in Warnings(options))
        {
            Console.Error.WriteLine($"WARNING: {warning}");
        }
    }

    private static string[] Where(WebApplication server, GrainsOptions options) =>
    [
        $"  data        {options.DataFolder}",
        $"  durability  {server.Services.GetRequiredService<IJournal>().Durability}",
    ];

    private static string[] Redis(WebApplication server, GrainsOptions options)
    {
        if (server.Services.RespAddress() is not { } bound)
        {
            return [];
        }

        string tls = options.Resp?.Tls is null ? "" : ", TLS";
        string reached = options.Resp?.Advertised is { } named ? $", reached at {named.Host}:{named.Port}" : "";
        return [$"  redis       {bound}{tls}{reached}"];
    }

    private static string Memory(WebApplication server)
    {
        MemoryShares shares = server.Services.GetRequiredService<ServerMemory>().Shares;
        int connections = server.Services.GetRequiredService<IOptions<FrontEndOptions>>().Value.ConnectionsMax
            ?? shares.ConnectionsMax;
        return $"{ByteSize.Write(shares.DataBytesMax)} for data, of {ByteSize.Write(shares.HeapBytes)}; {connections} "
            + "connections";
    }

    private static string[] Try(string url, bool hasKeys)
    {
        string key = hasKeys ? " -H \"Authorization: Bearer $KEY\"" : "";
        return
        [
            $$"""  curl -X PUT {{url}}/v1/keyspaces/demo{{key}} --json '{"layout": "spread"}'""",
            $"  curl -X PUT {url}/v1/keyspaces/demo/keys/hello{key} -H 'Content-Type: text/plain' --data world",
            $"  curl {url}/v1/keyspaces/demo/keys/hello{key}",
            "",
        ];
    }

    private static IEnumerable<string> Warnings(GrainsOptions options)
    {
        if (options.NoSync)
        {
            yield return "--no-sync is set. A POWER CUT LOSES ANSWERED WRITES. Never run real data like this.";
        }

        if (options.IsInsecure && options.KeysFile is null && options.Urls.Any(u => !u.IsLoopback))
        {
            yield return "--insecure is set. Everybody who reaches the port may do everything.";
        }

        foreach (string warning in SecretFiles.Warnings(options))
        {
            yield return warning;
        }

        foreach (string warning in options.Cluster is { } cluster ? ClusterAnnouncement.Warnings(cluster) : [])
        {
            yield return warning;
        }
    }

    /// <summary>"Every address" is none that one can ask for.</summary>
    private static string Reachable(string url) => url
        .Replace("//0.0.0.0:", "//127.0.0.1:", StringComparison.Ordinal)
        .Replace("//[::]:", "//[::1]:", StringComparison.Ordinal);

    private static string Unserved(PartitionReadiness partitions) =>
        partitions.Missing is { Count: > 0 } missing ? $", {missing.Count} NOT SERVED, see the log" : "";
}
