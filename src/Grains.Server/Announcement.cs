using Grains.Journal;
using Grains.Server.Options;
using Grains.Silo.Partitions;

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

        string url = server.Urls.First();
        string key = options.KeysFile is null ? "" : " -H \"Authorization: Bearer $KEY\"";
        Console.Out.WriteLine($"""

            Grains listens on {string.Join(", ", server.Urls)}
              data        {options.DataFolder}
              durability  {server.Services.GetRequiredService<IJournal>().Durability}
              partitions  {partitions.Settings.Slots?.Partitions.Count}{Unserved(partitions)}

              curl -X PUT {url}/v1/keyspaces/demo{key} --json '{Quoted("layout", "spread")}'
              curl -X PUT {url}/v1/keyspaces/demo/keys/hello{key} -H 'Content-Type: text/plain' --data world
              curl {url}/v1/keyspaces/demo/keys/hello{key}

            """);
        if (options.NoSync)
        {
            Console.Error.WriteLine("WARNING: --no-sync is set. A POWER CUT LOSES ANSWERED WRITES. Never run real data like this.");
        }

        if (options.IsInsecure && options.Urls.Any(u => !u.IsLoopback))
        {
            Console.Error.WriteLine("WARNING: --insecure is set. Everybody who reaches the port may do everything.");
        }
    }

    private static string Unserved(PartitionReadiness partitions) =>
        partitions.Missing is { Count: > 0 } missing ? $", {missing.Count} NOT SERVED, see the log" : "";

    private static string Quoted(string name, string value) => $"{{\"{name}\": \"{value}\"}}";
}
