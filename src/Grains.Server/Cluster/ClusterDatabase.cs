using Grains.Server.Options;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>
/// The connections for the tables of Orleans: few, short, and given up soon. The journal has its own.
/// </summary>
internal static class ClusterDatabase
{
    private const int _connectionsMax = 8;
    private const int _connectSeconds = 5;

    /// <summary>Membership must not hang on a database that does not answer.</summary>
    private const int _statementSeconds = 10;

    public static NpgsqlDataSource Open(ClusterOptions cluster)
    {
        var connection = new NpgsqlConnectionStringBuilder(cluster.Postgres.ConnectionString)
        {
            SearchPath = cluster.Schema,
            ApplicationName = $"grains/orleans/{cluster.Name}",
            MaxPoolSize = _connectionsMax,
            Timeout = _connectSeconds,
            CommandTimeout = _statementSeconds,
            Enlist = false,
            TcpKeepAlive = true,
        };
        bool isOneHost = !connection.Host!.Contains(',', StringComparison.Ordinal);
        if (!isOneHost)
        {
            connection.TargetSessionAttributes ??= "primary";
        }

        var source = new NpgsqlDataSourceBuilder(connection.ConnectionString);
        return isOneHost ? source.Build() : source.BuildMultiHost();
    }
}
