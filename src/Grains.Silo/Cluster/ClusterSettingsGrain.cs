using Orleans.Runtime;
using Orleans.Storage;

namespace Grains.Silo.Cluster;

/// <summary>The one copy of the cluster's settings.</summary>
[Alias("grains.cluster-settings-grain")]
public interface IClusterSettingsGrain : IGrainWithStringKey
{
    public const string Key = "cluster";

    /// <summary>What is stored; <paramref name="proposed"/>, now stored, if nothing was.</summary>
    [Alias("read-or-create")]
    Task<ClusterSettings> ReadOrCreate(ClusterSettings proposed);
}

internal sealed class ClusterSettingsGrain(
    [PersistentState("grains-cluster-settings", ClusterStorage.Name)] IPersistentState<StoredClusterSettings> stored)
    : Grain, IClusterSettingsGrain
{
    public async Task<ClusterSettings> ReadOrCreate(ClusterSettings proposed)
    {
        if (stored.State.Settings is { } known)
        {
            return known;
        }

        try
        {
            stored.State = new StoredClusterSettings { Settings = proposed };
            await stored.WriteStateAsync();
        }
        catch (InconsistentStateException)
        {
            // Another activation was first: its settings are the cluster's.
            await stored.ReadStateAsync();
        }

        return stored.State.Settings!;
    }
}

/// <summary>The row, as it is kept.</summary>
[GenerateSerializer, Alias("grains.stored-cluster-settings")]
public sealed class StoredClusterSettings
{
    [Id(0)] public ClusterSettings? Settings { get; set; }
}
