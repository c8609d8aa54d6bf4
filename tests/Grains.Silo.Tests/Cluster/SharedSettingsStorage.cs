using System.Collections.Concurrent;
using Grains.Silo.Cluster;
using Orleans.Storage;

namespace Grains.Silo.Tests.Cluster;

/// <summary>
/// Grain storage that outlives the servers of a test cluster, with the conflict that a database reports.
/// </summary>
internal sealed class SharedSettingsStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, (object State, int Version)> _rows = new();
    private ClusterSettings? _created;

    /// <summary>Settings that were stored before any server started.</summary>
    public void Add(ClusterSettings settings) => _created = settings;

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_created is { } created && Interlocked.Exchange(ref _created, null) is not null)
        {
            _rows[$"{grainId}/{stateName}"] = (new StoredClusterSettings { Settings = created }, 1);
        }

        if (_rows.TryGetValue($"{grainId}/{stateName}", out (object State, int Version) row))
        {
            grainState.State = (T)row.State;
            grainState.ETag = $"{row.Version}";
            grainState.RecordExists = true;
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        string key = $"{grainId}/{stateName}";
        bool isWritten = _rows.TryGetValue(key, out (object State, int Version) known)
            ? grainState.ETag == $"{known.Version}"
            && _rows.TryUpdate(key, (grainState.State!, known.Version + 1), known)
            : _rows.TryAdd(key, (grainState.State!, 1));
        if (!isWritten)
        {
            throw new InconsistentStateException("Another was first.");
        }

        grainState.ETag = $"{known.Version + 1}";
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException("Cluster settings are never cleared.");
}
