using System.Text.Json;
using Orleans.Storage;

namespace Grains.Silo.Cluster;

/// <summary>The grain storage for what must be known before any partition runs: never for data.</summary>
public static class ClusterStorage
{
    /// <summary>Under which the storage is registered with Orleans.</summary>
    public const string Name = "grains-cluster";

    /// <summary>The state under which the settings are stored.</summary>
    public const string SettingsState = "grains-cluster-settings";

    /// <summary>The settings in a row of the storage.</summary>
    public static ClusterSettings? Decode(byte[] stored) =>
        new JsonStorageSerializer().Deserialize<StoredClusterSettings>(new BinaryData(stored)).Settings;
}

/// <summary>States are readable JSON in their rows.</summary>
internal sealed class JsonStorageSerializer : IGrainStorageSerializer
{
    private static readonly JsonSerializerOptions _options = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public BinaryData Serialize<T>(T? input) => new(JsonSerializer.SerializeToUtf8Bytes(input, _options));

    public T Deserialize<T>(BinaryData input) => JsonSerializer.Deserialize<T>(input, _options)!;
}
