using Grains.Journal.Postgres;
using Grains.Server.Options;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>What a server has open in Postgres: connections for Orleans, and the journal where it owns partitions.</summary>
internal sealed class ClusterStores : IAsyncDisposable
{
    private ClusterStores(NpgsqlDataSource database) => Database = database;

    public NpgsqlDataSource Database { get; }

    /// <summary>Null on a server without partitions.</summary>
    public PostgresJournal? Journal { get; private set; }

    /// <summary>On return Postgres is there, has every table, and may be trusted with answers.</summary>
    public static async Task<ClusterStores> OpenAsync(ClusterOptions cluster, ILoggerFactory logs, CancellationToken cancel)
    {
        var stores = new ClusterStores(ClusterDatabase.Open(cluster));
        try
        {
            var patience = new PostgresPatience(cluster.Postgres, TimeProvider.System, logs.CreateLogger<PostgresPatience>());
            await patience.WaitAsync(stores.Database, cancel);
            await ClusterSchema.ApplyAsync(cluster.Postgres.ConnectionString, cluster.Schema, cancel);
            if (cluster.HasPartitions)
            {
                stores.Journal = await PostgresJournal.OpenAsync(
                    new PostgresJournalOptions
                    {
                        ConnectionString = cluster.Postgres.ConnectionString,
                        Schema = cluster.Schema,
                        Server = cluster.Name,
                        AllowLossy = cluster.AllowLossy,
                        Logger = logs.CreateLogger<PostgresJournal>(),
                    },
                    cancel);
            }

            return stores;
        }
        catch
        {
            await stores.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Journal is { } journal)
        {
            await journal.DisposeAsync();
        }

        await Database.DisposeAsync();
    }
}
