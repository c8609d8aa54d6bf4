using System.Collections.Concurrent;
using Orleans.Runtime;
using Orleans.Storage;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Grain storage that outlives the servers of a test cluster, with the conflict that a database reports.</summary>
internal sealed class SharedSettingsStorage : IGrainStorage
{
    private readonly ConcurrentDictionary<string, object> _rows = new();

    public Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (_rows.TryGetValue($"{grainId}/{stateName}", out object? row))
        {
            grainState.State = (T)row;
            grainState.ETag = "1";
            grainState.RecordExists = true;
        }

        return Task.CompletedTask;
    }

    public Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState)
    {
        if (!_rows.TryAdd($"{grainId}/{stateName}", grainState.State!))
        {
            throw new InconsistentStateException("Another was first.");
        }

        grainState.ETag = "1";
        grainState.RecordExists = true;
        return Task.CompletedTask;
    }

    public Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState) =>
        throw new NotSupportedException("Cluster settings are never cleared.");
}
