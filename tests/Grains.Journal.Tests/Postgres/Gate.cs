using System.Text;
using Grains.Postgres.Testing;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>
/// Does something to chosen payloads just before Postgres writes their row, after the statement has taken its snapshot.
/// </summary>
public sealed class Gate : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly string _schema;

    private Gate(NpgsqlConnection connection, string schema)
    {
        _connection = connection;
        _schema = schema;
    }

    /// <summary>Into a schema whose tables are there.</summary>
    public static async Task<Gate> BuildAsync(PostgresServer server, string schema)
    {
        Gate gate = new(await server.ConnectAsync(), schema);
        await gate._connection.ExecuteAsync($"""
            CREATE TABLE {schema}.gate (payload bytea PRIMARY KEY, what text NOT NULL);
            CREATE FUNCTION {schema}.gate_key(payload bytea) RETURNS bigint LANGUAGE sql AS $$
                SELECT hashtext('{schema}/' || encode(payload, 'hex'))::bigint & 2147483647 $$;
            CREATE FUNCTION {schema}.gate() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE what text := (SELECT g.what FROM {schema}.gate g WHERE g.payload = NEW.payload);
            BEGIN
                IF what = 'hold' THEN PERFORM pg_advisory_xact_lock_shared({schema}.gate_key(NEW.payload));
                ELSIF what = 'warn' THEN RAISE WARNING 'planned';
                ELSIF what = 'fail' THEN RAISE EXCEPTION 'planned' USING ERRCODE = '22000';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER gate BEFORE INSERT ON {schema}.record FOR EACH ROW EXECUTE FUNCTION {schema}.gate();
            """);
        return gate;
    }

    public Task HoldAsync(string payload) => HoldAsync(Encoding.UTF8.GetBytes(payload));

    public async Task HoldAsync(byte[] payload)
    {
        await RunAsync($"SELECT pg_advisory_lock({_schema}.gate_key($1))", payload);
        await SetAsync(payload, "hold");
    }

    public Task WarnAsync(string payload) => SetAsync(Encoding.UTF8.GetBytes(payload), "warn");

    public Task FailAsync(string payload) => SetAsync(Encoding.UTF8.GetBytes(payload), "fail");

    /// <summary>What comes from now on passes; what is held stays held.</summary>
    public Task PassAsync(string payload) =>
        RunAsync($"DELETE FROM {_schema}.gate WHERE payload = $1", Encoding.UTF8.GetBytes(payload));

    /// <summary>What is held goes on.</summary>
    public Task OpenAsync(string payload) => OpenAsync(Encoding.UTF8.GetBytes(payload));

    public Task OpenAsync(byte[] payload) => RunAsync($"SELECT pg_advisory_unlock({_schema}.gate_key($1))", payload);

    public Task<int> HeldAsync(string payload) => HeldAsync(Encoding.UTF8.GetBytes(payload));

    /// <summary>Waits until a statement with this payload is held.</summary>
    /// <returns>The process id of its backend; the first one's, if there are several.</returns>
    public async Task<int> HeldAsync(byte[] payload)
    {
        object found = await Eventually.NotNullAsync(
            async () =>
            {
                await using NpgsqlCommand command = new(
                    $"""
                    SELECT min(pid) FROM pg_locks
                    WHERE locktype = 'advisory' AND NOT granted AND objid::bigint = {_schema}.gate_key($1)
                    """,
                    _connection)
                {
                    Parameters = { new() { Value = payload } },
                };
                return await command.ExecuteScalarAsync() as object is int pid ? (object)pid : null;
            },
            $"a statement is held at the gate of {_schema}");
        return (int)found;
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private Task SetAsync(byte[] payload, string what) => RunAsync(
        $"INSERT INTO {_schema}.gate VALUES ($1, '{what}') ON CONFLICT (payload) DO UPDATE SET what = excluded.what",
        payload);

    private async Task RunAsync(string sql, byte[] payload)
    {
        await using NpgsqlCommand command = new(sql, _connection) { Parameters = { new() { Value = payload } } };
        await command.ExecuteNonQueryAsync();
    }
}
