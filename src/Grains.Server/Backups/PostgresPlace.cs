using Grains.Journal;
using Grains.Journal.Images;
using Grains.Journal.Postgres;
using Grains.Journal.Postgres.Images;
using Grains.Server.Cluster;
using Grains.Silo.Cluster;
using Npgsql;
using ClusterOptions = Grains.Server.Options.ClusterOptions;

namespace Grains.Server.Backups;

/// <summary>The schema of a cluster.</summary>
internal sealed class PostgresPlace : IDataPlace
{
    private readonly ClusterOptions _cluster;
    private readonly NpgsqlDataSource _database;

    private PostgresPlace(ClusterOptions cluster) => (_cluster, _database) = (cluster, ClusterDatabase.Open(cluster));

    public string Name => $"Postgres at {_cluster.Postgres}, schema {_cluster.Schema}";

    /// <summary>On return Postgres is there and has every table.</summary>
    public static async Task<PostgresPlace> OpenAsync(
        ClusterOptions cluster, ILoggerFactory logs, CancellationToken cancel)
    {
        PostgresPlace place = new(cluster);
        try
        {
            PostgresPatience patience = new(
                cluster.Postgres, TimeProvider.System, logs.CreateLogger<PostgresPatience>());
            await patience.WaitAsync(place._database, cancel);
            await ClusterSchema.ApplyAsync(cluster.Postgres.ConnectionString, cluster.Schema, cancel);
            return place;
        }
        catch
        {
            await place.DisposeAsync();
            throw;
        }
    }

    public async Task<IJournal> OpenJournalAsync(CancellationToken cancel) =>
        await PostgresJournal.OpenAsync(Journal(), cancel);

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts, long nowMs, CancellationToken cancel) =>
        PostgresImport.RunAsync(Journal(), parts, nowMs, cancel);

    /// <summary>Journal and settings are in one schema, and go nowhere without each other.</summary>
    public Task BindAsync(ClusterSettings settings, CancellationToken cancel) => Task.CompletedTask;

    public void AddSettings(ISiloBuilder silo) => silo.AddGrainsPostgresStorage(_database);

    public ValueTask DisposeAsync() => _database.DisposeAsync();

    private PostgresJournalOptions Journal() => new()
    {
        ConnectionString = _cluster.Postgres.ConnectionString,
        Schema = _cluster.Schema,
        Server = _cluster.Name,
        AllowLossy = _cluster.AllowLossy,
    };
}
