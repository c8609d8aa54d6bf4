using Npgsql;

namespace Grains.Postgres.Testing;

/// <summary>One Postgres for all tests of a process that leave it as it is; it ends with the process.</summary>
public static class SharedPostgres
{
    private static readonly Lazy<Task<PostgresServer>> _server = new(() => PostgresServer.StartAsync());
    private static int _names;

    public static Task<PostgresServer> GetAsync() => _server.Value;

    /// <summary>The name of a schema that nobody else has.</summary>
    public static string NewSchema() => $"t{Interlocked.Increment(ref _names)}";

    /// <summary>How to connect to a database that nobody else has, for who looks at more than a schema.</summary>
    public static async Task<string> NewDatabaseAsync()
    {
        PostgresServer server = await GetAsync();
        string name = $"d{Interlocked.Increment(ref _names)}";
        await server.ExecuteAsync($"CREATE DATABASE {name}");
        return new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = name }.ConnectionString;
    }
}
