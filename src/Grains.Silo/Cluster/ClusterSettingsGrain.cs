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

    /// <summary>What is stored now, read from the store; null = nothing yet.</summary>
    [Alias("read")]
    Task<ClusterSettings?> Read();

    /// <summary>
    /// Puts in what a backup holds, where nothing is, or only what an unfinished restore left. Returns what is stored
    /// then.
    /// </summary>
    [Alias("restore")]
    Task<ClusterSettings> Restore(ClusterSettings restored);

    /// <summary>Whether a server is to have partitions. Returns the settings as stored then.</summary>
    [Alias("drain")]
    Task<ClusterSettings> Drain(string server, bool drained);

    /// <summary>Every partition was served once.</summary>
    [Alias("begin")]
    Task<ClusterSettings> Begin();

    /// <summary>Push and timers go on.</summary>
    [Alias("resume")]
    Task<ClusterSettings> Resume();

    /// <summary>From now on records are written at this level. It never falls.</summary>
    [Alias("raise-format")]
    Task<ClusterSettings> RaiseFormat(int level);
}

internal sealed class ClusterSettingsGrain(
    [PersistentState(ClusterStorage.SettingsState, ClusterStorage.Name)] IPersistentState<StoredClusterSettings> stored)
    : Grain, IClusterSettingsGrain
{
    /// <summary>Each further one only because another activation wrote in between.</summary>
    private const int _triesMax = 5;

    public Task<ClusterSettings> ReadOrCreate(ClusterSettings proposed) => ChangeAsync(known => known ?? proposed);

    public async Task<ClusterSettings?> Read()
    {
        await stored.ReadStateAsync();
        return stored.State.Settings;
    }

    public Task<ClusterSettings> Restore(ClusterSettings restored) => ChangeAsync(known =>
        known is { Restoring: null } ? known : restored with { Version = (known?.Version ?? 0) + 1 });

    public Task<ClusterSettings> Drain(string server, bool drained) => ChangeAsync(known =>
        Existing(known).Drained.Contains(server) == drained ? known! : known! with
        {
            Drained = drained ? [.. known.Drained.Append(server).Order()] : [.. known.Drained.Where(d => d != server)],
            Version = known.Version + 1,
        });

    public Task<ClusterSettings> RaiseFormat(int level) => ChangeAsync(known =>
        Existing(known).FormatLevel >= level ? known! : known! with
        {
            FormatLevel = level,
            Version = known.Version + 1,
        });

    public Task<ClusterSettings> Begin() => ChangeAsync(known =>
        Existing(known).Begun ? known! : known! with { Begun = true, Version = known.Version + 1 });

    public Task<ClusterSettings> Resume() => ChangeAsync(known =>
        Existing(known).Paused is null ? known! : known! with { Paused = null, Version = known.Version + 1 });

    private static ClusterSettings Existing(ClusterSettings? known) =>
        known
            ?? throw new InvalidOperationException(
                "The cluster has no settings yet; a server creates them when it starts.");

    private async Task<ClusterSettings> ChangeAsync(Func<ClusterSettings?, ClusterSettings> change)
    {
        for (int tries = 1; ; tries++)
        {
            ClusterSettings changed = change(stored.State.Settings);
            if (ReferenceEquals(changed, stored.State.Settings))
            {
                return changed;
            }

            try
            {
                stored.State = new StoredClusterSettings { Settings = changed };
                await stored.WriteStateAsync();
                return changed;
            }
            catch (InconsistentStateException) when (tries < _triesMax)
            {
                // Another activation was first: its settings are the cluster's.
                await stored.ReadStateAsync();
            }
            catch
            {
                // What is stored is not known; the next call begins with it.
                DeactivateOnIdle();
                throw;
            }
        }
    }
}

/// <summary>The row, as it is kept.</summary>
[GenerateSerializer, Alias("grains.stored-cluster-settings")]
public sealed class StoredClusterSettings
{
    [Id(0)] public ClusterSettings? Settings { get; set; }
}
