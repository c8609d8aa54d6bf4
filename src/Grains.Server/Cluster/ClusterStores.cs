using Grains.Journal.Postgres;
using Grains.Server.Options;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>What a server has open in Postgres: connections for Orleans, and the journal.</summary>
internal sealed class ClusterStores : IAsyncDisposable
{
    private ClusterStores(NpgsqlDataSource database, PostgresJournal journal)
    {
        Database = database;
        Journal = journal;
    }

    public NpgsqlDataSource Database { get; }

    public PostgresJournal Journal { get; }

    /// <summary>On return Postgres is there, has every table, and may be trusted with answers.</summary>
    public static async Task<ClusterStores> OpenAsync(
        ClusterOptions cluster, ILoggerFactory logs, CancellationToken cancel)
    {
        NpgsqlDataSource database = ClusterDatabase.Open(cluster);
        try
        {
            var patience = new PostgresPatience(
                cluster.Postgres, TimeProvider.System, logs.CreateLogger<PostgresPatience>());
            await patience.WaitAsync(database, cancel);
            await ClusterSchema.ApplyAsync(cluster.Postgres.ConnectionString, cluster.Schema, cancel);
            await new ClusterContents(database, cluster).CheckAsync(cancel);
            PostgresJournal journal = await PostgresJournal.OpenAsync(
                new PostgresJournalOptions
                {
                    ConnectionString = cluster.Postgres.ConnectionString,
                    Schema = cluster.Schema,
                    Server = cluster.Name,
                    AllowLossy = cluster.AllowLossy,
                    Logs = logs,
                },
                cancel);
            try
            {
                if (cluster.HasPartitions)
                {
                    await journal.WarmUpAsync();
                }

                return new ClusterStores(database, journal);
            }
            catch
            {
                await journal.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Journal.DisposeAsync();
        await Database.DisposeAsync();
    }
}
