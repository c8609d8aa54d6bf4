using Grains.Benchmarks.World;
using Grains.Postgres.Testing;
using Npgsql;

namespace Grains.Benchmarks.Postgres;

/// <summary>
/// A Postgres of one contender's own: what is counted there is that contender's alone, what it puts off included.
/// </summary>
internal sealed class BenchmarkDatabase : IAsyncDisposable
{
    public const int ConnectionsMax = 600;

    /// <summary>
    /// Everything else is as Postgres comes. Room in the WAL, so that no checkpoint falls into a run: the full pages
    /// after one are what random updates write most of, so this favours the rows.
    /// </summary>
    private static readonly string[] _settings =
    [
        "shared_buffers = 256MB", "max_wal_size = 8GB", "checkpoint_timeout = 1h",
        $"max_connections = {ConnectionsMax}",
        "fsync = on", "synchronous_commit = on", "full_page_writes = on",
    ];

    private readonly PostgresServer _server;
    private readonly NpgsqlConnection _observer;

    private BenchmarkDatabase(PostgresServer server, NpgsqlConnection observer) =>
        (_server, _observer) = (server, observer);

    public string ConnectionString => _server.ConnectionString;

    public static async Task<BenchmarkDatabase> StartAsync(DataFolder data)
    {
        PostgresServer server = await PostgresServer.StartAsync(
            new PostgresServerOptions { Folder = data.New(), Settings = _settings });
        try
        {
            return new BenchmarkDatabase(server, await server.ConnectAsync());
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public Task ExecuteAsync(string sql) => _server.ExecuteAsync(sql);

    /// <summary>Version and settings, as the server says them.</summary>
    public async Task<string> DescribeAsync()
    {
        string[] shown = [.. _settings.Select(s => s.Split(' ')[0]), "wal_sync_method", "autovacuum"];
        await using NpgsqlCommand command = new(
            $"SELECT version(), {string.Join(", ", shown.Select(s => $"current_setting('{s}')"))}", _observer);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return $"{row.GetString(0).Split(" on ")[0]}: "
            + string.Join(", ", shown.Select((s, i) => $"{s}={row.GetString(i + 1)}"));
    }

    /// <summary>What it has used since it was started.</summary>
    public async Task<DatabaseUse> UseAsync()
    {
        // By the log of writes itself, not by statistics, which lag.
        await using NpgsqlCommand command = new("""
            SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint,
                   (SELECT sum(pg_database_size(oid))::bigint FROM pg_database),
                   (SELECT wal_sync FROM pg_stat_wal)
            """, _observer);
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new DatabaseUse(_server.CpuTime, row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
    }

    public async ValueTask DisposeAsync()
    {
        await _observer.DisposeAsync();
        await _server.DisposeAsync();
    }
}

/// <summary>What a Postgres used.</summary>
/// <param name="Cpu">Of all its processes.</param>
/// <param name="WalBytes">Written to its log.</param>
/// <param name="DataBytes">By which its files have grown.</param>
/// <param name="Flushes">Of its log to the disk.</param>
internal readonly record struct DatabaseUse(TimeSpan Cpu, long WalBytes, long DataBytes, long Flushes)
{
    public static DatabaseUse operator -(DatabaseUse later, DatabaseUse earlier) => new(
        later.Cpu - earlier.Cpu, later.WalBytes - earlier.WalBytes, later.DataBytes - earlier.DataBytes,
        later.Flushes - earlier.Flushes);
}
