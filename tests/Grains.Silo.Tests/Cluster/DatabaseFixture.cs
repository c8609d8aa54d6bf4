using Grains.Postgres.Testing;
using Grains.Silo.Cluster;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Npgsql;
using Orleans.Configuration;

namespace Grains.Silo.Tests.Cluster;

/// <summary>One Postgres for all tests of a class; each takes a schema of its own.</summary>
public sealed class DatabaseFixture : IAsyncLifetime
{
    private PostgresServer? _server;

    public async Task InitializeAsync() => _server = await PostgresServer.StartAsync();

    public async Task DisposeAsync() => await _server!.DisposeAsync();

    /// <summary>Empty tables in a new schema.</summary>
    public async Task<NpgsqlDataSource> NewAsync()
    {
        string schema = $"s{Guid.NewGuid():N}";
        var connection = new NpgsqlConnectionStringBuilder(
            _server!.ConnectionString) { SearchPath = schema, MaxPoolSize = 10 };
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
    internal static IHost Providers(NpgsqlDataSource database)
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
