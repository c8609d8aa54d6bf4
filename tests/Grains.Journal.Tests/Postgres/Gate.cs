using System.Text;
using Grains.Postgres.Testing;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>
/// Does something to chosen payloads just before Postgres writes their row, after the statement has taken its snapshot.
/// </summary>
public sealed class Gate : IAsyncDisposable
{
    private const string _key = "hashtext('{0}')";
    private readonly NpgsqlConnection _connection;
    private readonly string _schema;

    private Gate(NpgsqlConnection connection, string schema)
    {
        _connection = connection;
        _schema = schema;
    }

    private string Key => string.Format(System.Globalization.CultureInfo.InvariantCulture, _key, _schema);

    public static async Task<Gate> CloseAsync(PostgresServer server, string schema)
    {
        Gate gate = new(await server.ConnectAsync(), schema);
        await gate._connection.ExecuteAsync($"""
            CREATE TABLE {schema}.gate (payload bytea PRIMARY KEY, what text NOT NULL);
            CREATE FUNCTION {schema}.gate() RETURNS trigger LANGUAGE plpgsql AS $$
            DECLARE what text := (SELECT g.what FROM {schema}.gate g WHERE g.payload = NEW.payload);
            BEGIN
                IF what = 'hold' THEN PERFORM pg_advisory_xact_lock_shared({gate.Key});
                ELSIF what = 'warn' THEN RAISE WARNING 'planned';
                ELSIF what = 'fail' THEN RAISE EXCEPTION 'planned' USING ERRCODE = '22000';
                END IF;
                RETURN NEW;
            END $$;
            CREATE TRIGGER gate BEFORE INSERT ON {schema}.record FOR EACH ROW EXECUTE FUNCTION {schema}.gate();
            SELECT pg_advisory_lock({gate.Key});
            """);
        return gate;
    }

    public Task HoldAsync(string payload) => SetAsync(payload, "hold");

    public Task WarnAsync(string payload) => SetAsync(payload, "warn");

    public Task FailAsync(string payload) => SetAsync(payload, "fail");

    /// <summary>What comes from now on passes; what is held stays held.</summary>
    public Task ForgetAsync() => _connection.ExecuteAsync($"DELETE FROM {_schema}.gate");

    /// <summary>What is held goes on.</summary>
    public Task OpenAsync() => _connection.ExecuteAsync($"SELECT pg_advisory_unlock({Key})");

    /// <summary>Waits until so many are held.</summary>
    /// <returns>Their process ids.</returns>
    public Task<int[]> HeldAsync(int count = 1) => Eventually.NotNullAsync(
        async () =>
        {
            int[] held = await _connection.ScalarAsync<int[]>($"""
                SELECT coalesce(array_agg(pid), ARRAY[]::int[]) FROM pg_locks
                WHERE locktype = 'advisory' AND NOT granted AND objid = (({Key}::bigint) & 4294967295)::oid
                """);
            return held.Length >= count ? held : null;
        },
        $"{count} statements are held at the gate of {_schema}");

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private async Task SetAsync(string payload, string what)
    {
        await using NpgsqlCommand command = new(
            $"INSERT INTO {_schema}.gate VALUES ($1, $2) ON CONFLICT (payload) DO UPDATE SET what = excluded.what", _connection)
        {
            Parameters = { new() { Value = Encoding.UTF8.GetBytes(payload) }, new() { Value = what } },
        };
        await command.ExecuteNonQueryAsync();
    }
}
