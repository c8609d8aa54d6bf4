using Grains.Journal.Images;
using Grains.Journal.Postgres;
using Grains.Journal.Postgres.Images;
using Grains.Postgres.Testing;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>A schema of its own on the shared server. What is committed is what a power cut leaves.</summary>
public sealed class PostgresStorage(PostgresServer server, string schema) : IJournalStorage
{
    private static readonly string[] _tables =
        ["schema_version", "partition", "checkpoint", "record", "checkpoint_chunk"];

    public PostgresStorage()
        : this(SharedPostgres.GetAsync().GetAwaiter().GetResult(), SharedPostgres.NewSchema())
    {
    }

    public string Schema => schema;

    public PostgresJournalOptions Options => new()
    {
        ConnectionString = server.ConnectionString,
        Schema = schema,
        Server = "a-server",
    };

    public IJournal Open() => OpenAsync(Options).GetAwaiter().GetResult();

    public Task<PostgresJournal> OpenAsync(PostgresJournalOptions options) =>
        PostgresJournal.OpenAsync(options, CancellationToken.None);

    public IJournalStorage PowerCut()
    {
        string copy = SharedPostgres.NewSchema();
        string sql = $"CREATE SCHEMA {copy};" + string.Concat(_tables.Select(t =>
            $"CREATE TABLE {copy}.{t} (LIKE {schema}.{t} INCLUDING ALL);"
            + $"INSERT INTO {copy}.{t} SELECT * FROM {schema}.{t};"));
        server.ExecuteAsync($"BEGIN ISOLATION LEVEL REPEATABLE READ; {sql} COMMIT").GetAwaiter().GetResult();
        return new PostgresStorage(server, copy);
    }

    public void Damage(byte[] bytes)
    {
        using NpgsqlConnection connection = server.ConnectAsync().GetAwaiter().GetResult();
        using NpgsqlCommand damage = new($"""
            UPDATE {schema}.record
            SET payload = set_byte(payload, position($1 in payload), get_byte(payload, position($1 in payload)) # 1)
            WHERE position($1 in payload) > 0
            """, connection)
        {
            Parameters = { new() { Value = bytes } },
        };
        Assert.Equal(1, damage.ExecuteNonQuery());
    }

    public Task<ImageTotals> ImportAsync(IAsyncEnumerable<ImagePart> parts) =>
        PostgresImport.RunAsync(Options, parts, nowMs: 2_000, CancellationToken.None);

    public void Dispose() => server.ExecuteAsync($"DROP SCHEMA IF EXISTS {schema} CASCADE").GetAwaiter().GetResult();
}
