using Grains.Journal.Postgres;
using Grains.Silo.Cluster;

namespace Grains.Server.Cluster;

/// <summary>All tables of a cluster: those of its journal and those of Orleans.</summary>
internal static class ClusterSchema
{
    private static readonly SchemaScript[] _scripts =
    [
        .. PostgresJournal.Scripts,
        .. PostgresTables.Steps.Select((sql, i) => new SchemaScript(PostgresTables.Name, i + 1, sql)),
    ];

    /// <summary>What <c>--print-schema</c> prints.</summary>
    public static string Print(string schema) => PostgresSchema.Print(schema, _scripts);

    /// <summary>Makes what is missing; needs no right to create where nothing is.</summary>
    public static Task ApplyAsync(string connectionString, string schema, CancellationToken cancel) =>
        PostgresSchema.ApplyAsync(connectionString, schema, _scripts, cancel);
}
