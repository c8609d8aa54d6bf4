using Grains.Postgres.Testing;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>One Postgres for all tests that leave it as it is; it ends with the test process.</summary>
public static class SharedServer
{
    private static readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());
    private static int _schemas;

    public static Task<PostgresServer> GetAsync() => _server.Value;

    public static string NewSchema() => $"t{Interlocked.Increment(ref _schemas)}";

    public static async Task ExecuteAsync(this NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    public static async Task<T> ScalarAsync<T>(this NpgsqlConnection connection, string sql)
    {
        await using NpgsqlCommand command = new(sql, connection);
        return await command.ExecuteScalarAsync() is T found ? found : default!;
    }
}
