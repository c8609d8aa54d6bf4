using Grains.Faults.Tests.World;
using Npgsql;

namespace Grains.Faults.Tests;

/// <summary>The database of a cluster's world is what the tests that use it believe.</summary>
public class DatabaseWorldTests
{
    [SkippableTheory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_power_cut_loses_what_Postgres_acknowledged_only_if_it_was_told_not_to_sync(bool lossy)
    {
        string? why = PowerCutVolume.WhyNot();
        Skip.If(why is not null, why);
        await using ClusterWorld world = await ClusterWorld.StartAsync(lossy, servers: 0);
        await RunAsync(world, "CREATE TABLE kept (number int)");
        await RunAsync(world, "CHECKPOINT");
        world.Sync();
        await RunAsync(world, "INSERT INTO kept SELECT generate_series(1, 1000)");
        await world.CutPowerOfPostgresAsync();
        Assert.Equal(lossy ? 0L : 1000L, await RunAsync(world, "SELECT count(*) FROM kept"));
    }

    private static async Task<object?> RunAsync(ClusterWorld world, string sql)
    {
        await using var connection = new NpgsqlConnection(world.Postgres.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using NpgsqlCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return await command.ExecuteScalarAsync();
    }
}
