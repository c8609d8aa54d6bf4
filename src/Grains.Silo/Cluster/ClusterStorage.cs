using System.Text.Json;
using Microsoft.Data.Sqlite;
using Orleans.Storage;

namespace Grains.Silo.Cluster;

/// <summary>The grain storage for what must be known before any partition runs: never for data.</summary>
public static class ClusterStorage
{
    /// <summary>Under which the storage is registered with Orleans.</summary>
    public const string Name = "grains-cluster";

    public const string SqliteInvariant = "System.Data.SQLite";

    /// <summary>The state under which the settings are stored.</summary>
    public const string SettingsState = "grains-cluster-settings";

    private const int _full = 13; // SQLITE_FULL
    private const string _script = "Grains.Silo.Cluster.ClusterStorage.sql";

    /// <summary>Makes sure that the file and its tables exist. Harmless a second time.</summary>
    /// <returns>The connection string for Orleans.</returns>
    public static async Task<string> PrepareSqliteAsync(string file, CancellationToken cancel)
    {
        string connectionString = new SqliteConnectionStringBuilder { DataSource = file }.ToString();
        try
        {
            await ApplyAsync(connectionString, cancel);
        }
        catch (SqliteException e)
        {
            // On a full disk the tables that are there are enough: to read them needs no room.
            if (e.SqliteErrorCode != _full || await CountAsync(connectionString, cancel) == 0)
            {
                throw new ClusterSettingsException(
                    $"{file} cannot be opened: {e.Message} Put the right file back, or restore the whole folder from "
                    + "a backup.");
            }
        }

        return connectionString;
    }

    /// <summary>What the file holds, read before there is a silo; null = no settings yet.</summary>
    /// <exception cref="ClusterSettingsException">They cannot be read.</exception>
    public static async Task<ClusterSettings?> ReadSqliteAsync(string connectionString, CancellationToken cancel)
    {
        try
        {
            await using var connection = new SqliteConnection(connectionString);
            await connection.OpenAsync(cancel);
            await using SqliteCommand command = connection.CreateCommand();
            command.CommandText =
                $"SELECT PayloadBinary FROM OrleansStorage WHERE GrainTypeString LIKE '%{SettingsState}' AND "
                + "PayloadBinary IS NOT NULL";
            return await command.ExecuteScalarAsync(cancel) is byte[] stored
                ? Decode(stored)
                : null;
        }
        catch (Exception e) when (e is SqliteException or JsonException)
        {
            throw new ClusterSettingsException(
                $"The settings in {new SqliteConnectionStringBuilder(connectionString).DataSource} cannot be read: "
                + $"{e.Message} "
                + "Put the right file back, or restore the whole folder from a backup.");
        }
    }

    /// <summary>The settings in a row of the storage.</summary>
    public static ClusterSettings? Decode(byte[] stored) =>
        new JsonStorageSerializer().Deserialize<StoredClusterSettings>(new BinaryData(stored)).Settings;

    private static async Task<long> CountAsync(string connectionString, CancellationToken cancel)
    {
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancel);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT count(*) FROM sqlite_schema WHERE name IN ('OrleansQuery', 'OrleansStorage')";
        return (long)(await command.ExecuteScalarAsync(cancel))!;
    }

    private static async Task ApplyAsync(string connectionString, CancellationToken cancel)
    {
        await using Stream script = typeof(ClusterStorage).Assembly.GetManifestResourceStream(_script)
            ?? throw new InvalidOperationException($"The resource {_script} is missing from the build.");
        using var reader = new StreamReader(script);
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancel);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;\n" + await reader.ReadToEndAsync(cancel)
            + "\nCOMMIT;";
        await command.ExecuteNonQueryAsync(cancel);
    }
}

/// <summary>States are readable JSON in their rows.</summary>
internal sealed class JsonStorageSerializer : IGrainStorageSerializer
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, _options));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input, _options)!;
}
