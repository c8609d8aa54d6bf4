using Grains.Server.Options;
using Grains.Silo.Cluster;
using Npgsql;

namespace Grains.Server.Cluster;

/// <summary>
/// Whether what is in a schema belongs together, before a server joins there: a cluster that lost a table, or what was
/// in one, would begin anew under its own name.
/// </summary>
internal sealed class ClusterContents(NpgsqlDataSource database, ClusterOptions cluster)
{
    private const string _whatToDo = "Restore the schema from a backup, or name an empty one; nothing was changed.";

    private static readonly string[] _tables =
    [
        "partition", "record", "checkpoint", "checkpoint_chunk",
        "orleansquery", "orleansmembership", "orleansmembershipversion", "orleansstorage",
    ];

    private string Place => $"The schema {cluster.Schema} of Postgres at {cluster.Postgres}";

    /// <exception cref="StartException">Something is missing.</exception>
    public async Task CheckAsync(CancellationToken cancel)
    {
        await using (NpgsqlCommand missing = database.CreateCommand(
            "SELECT string_agg(t, ', ') FROM unnest($1) t WHERE to_regclass(quote_ident($2) || '.' || quote_ident(t)) "
            + "IS NULL"))
        {
            missing.Parameters.Add(new() { Value = _tables });
            missing.Parameters.Add(new() { Value = cluster.Schema });
            if (await missing.ExecuteScalarAsync(cancel) is string names)
            {
                throw new StartException($"{Place} lacks tables that it had: {names}. {_whatToDo}");
            }
        }

        await using NpgsqlCommand read = database.CreateCommand("""
            SELECT (SELECT count(*) FROM partition),
                (SELECT PayloadBinary FROM OrleansStorage
                    WHERE GrainTypeString LIKE '%' || $1 AND PayloadBinary IS NOT NULL LIMIT 1)
            """);
        read.Parameters.Add(new() { Value = ClusterStorage.SettingsState });
        await using NpgsqlDataReader row = await read.ExecuteReaderAsync(cancel);
        await row.ReadAsync(cancel);
        long partitions = row.GetInt64(0);
        Check(partitions, row.IsDBNull(1) ? null : ClusterStorage.Decode(row.GetFieldValue<byte[]>(1)));
    }

    private void Check(long partitions, ClusterSettings? settings)
    {
        if (settings is null && partitions > 0)
        {
            throw new StartException(
                $"{Place} holds {partitions} partitions and no settings of a cluster: its table orleansstorage was "
                + $"emptied. {_whatToDo}");
        }

        if (settings is { Begun: true, Restoring: null } && partitions < settings.Partitions)
        {
            throw new StartException(
                $"{Place} holds the settings of cluster {settings.ClusterId} with {settings.Partitions} partitions, "
                + "and its table "
                + $"partition holds {partitions}: it was emptied, or is another cluster's. {_whatToDo}");
        }
    }
}
