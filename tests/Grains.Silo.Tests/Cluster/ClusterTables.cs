using Grains.Postgres.Testing;
using Grains.Silo.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;

namespace Grains.Silo.Tests.Cluster;

/// <summary>The tables of a cluster, for each test in a schema of its own.</summary>
internal static class ClusterTables
{
    /// <summary>Empty tables in a new schema.</summary>
    public static async Task<NpgsqlDataSource> NewAsync()
    {
        PostgresServer server = await SharedPostgres.GetAsync();
        string schema = SharedPostgres.NewSchema();
        var connection = new NpgsqlConnectionStringBuilder(
            server.ConnectionString) { SearchPath = schema, MaxPoolSize = 10 };
        NpgsqlDataSource database = NpgsqlDataSource.Create(connection);
        await using NpgsqlCommand create = database.CreateCommand($"CREATE SCHEMA {schema}");
        await create.ExecuteNonQueryAsync();
        foreach (string step in PostgresTables.Steps)
        {
            await using NpgsqlCommand tables = database.CreateCommand(step);
            await tables.ExecuteNonQueryAsync();
        }

        return database;
    }

    /// <summary>The providers as a server registers them, in a host that is not started.</summary>
    public static IHost Providers(NpgsqlDataSource database)
    {
        HostApplicationBuilder builder = Host.CreateApplicationBuilder(
            new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = ("test", "test"));
            silo.UseGrainsPostgres(database);
        });
        return builder.Build();
    }
}
