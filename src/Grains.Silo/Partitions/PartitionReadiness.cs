using Grains.Silo.Cluster;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Partitions;

/// <summary>Which partitions are served, as far as this server has seen. Any thread.</summary>
public sealed class PartitionReadiness(ClusterSettingsView settings)
{
    private readonly Lock _lock = new();
    private readonly HashSet<PartitionId> _served = [];
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isReady;

    public ClusterSettingsView Settings { get; } = settings;

    public bool IsReady => _isReady;

    /// <summary>What is not known to be served; empty while the settings are unknown.</summary>
    public IReadOnlyList<PartitionId> Missing
    {
        get
        {
            lock (_lock)
            {
                return [.. (Settings.Slots?.Partitions ?? []).Where(p => !_served.Contains(p))];
            }
        }
    }

    /// <summary>This server must not run with the stored settings: nothing will ever be served.</summary>
    public void Refuse(Exception why)
    {
        lock (_lock)
        {
            _ready.TrySetException(why);
        }
    }

    /// <summary>Ends when every partition is served; throws why none ever will be.</summary>
    /// <exception cref="ClusterSettingsException">The stored settings forbid this server to run.</exception>
    public Task WaitAsync(CancellationToken cancel)
    {
        lock (_lock)
        {
            return _ready.Task.WaitAsync(cancel);
        }
    }

    public void Set(PartitionId partition, bool isServed)
    {
        lock (_lock)
        {
            if (isServed ? _served.Add(partition) : _served.Remove(partition))
            {
                _isReady = Settings.Slots is { } slots && _served.Count >= slots.Partitions.Count;
                if (_isReady)
                {
                    _ready.TrySetResult();
                }
                else if (_ready.Task.IsCompleted)
                {
                    _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }
}
