using Npgsql;

namespace Grains.Benchmarks.Postgres;

/// <summary>One connection for each caller.</summary>
internal static class OwnConnections
{
    public static async Task<NpgsqlConnection[]> OpenAsync(BenchmarkDatabase database, int callers)
    {
        var connections = new NpgsqlConnection[callers];
        for (int i = 0; i < callers; i++)
        {
            connections[i] = new NpgsqlConnection(database.ConnectionString + ";Pooling=false");
            await connections[i].OpenAsync();
        }

        return connections;
    }

    public static async ValueTask CloseAsync(NpgsqlConnection[] connections)
    {
        foreach (NpgsqlConnection connection in connections)
        {
            await connection.DisposeAsync();
        }
    }
}

/// <summary>
/// Few connections, on which the statements of all callers follow each other without waiting for answers.
/// </summary>
internal static class Multiplexing
{
    private const int _connections = 64;

    public static NpgsqlDataSource Open(BenchmarkDatabase database) => NpgsqlDataSource.Create(
        database.ConnectionString
        + $";Multiplexing=true;Maximum Pool Size={_connections};Max Auto Prepare=8;Auto Prepare Min Usages=2");
}
