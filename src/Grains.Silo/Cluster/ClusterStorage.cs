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

    private const string _script = "Grains.Silo.Cluster.ClusterStorage.sql";

    /// <summary>Makes sure that the file and its tables exist. Harmless a second time.</summary>
    /// <returns>The connection string for Orleans.</returns>
    public static async Task<string> PrepareSqliteAsync(string file, CancellationToken cancel)
    {
        string connectionString = new SqliteConnectionStringBuilder { DataSource = file }.ToString();
        await using Stream script = typeof(ClusterStorage).Assembly.GetManifestResourceStream(_script)
            ?? throw new InvalidOperationException($"The resource {_script} is missing from the build.");
        using var reader = new StreamReader(script);
        await using var connection = new SqliteConnection(connectionString);
        await connection.OpenAsync(cancel);
        await using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "PRAGMA synchronous = FULL; BEGIN IMMEDIATE;\n" + await reader.ReadToEndAsync(cancel) + "\nCOMMIT;";
        await command.ExecuteNonQueryAsync(cancel);
        return connectionString;
    }
}

/// <summary>States are readable JSON in their rows.</summary>
internal sealed class JsonStorageSerializer : IGrainStorageSerializer
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, _options));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input, _options)!;
}
