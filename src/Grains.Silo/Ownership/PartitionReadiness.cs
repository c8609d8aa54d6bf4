using Grains.Silo.Cluster;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Ownership;

/// <summary>Which partitions are served, as far as this server has seen. Any thread.</summary>
public sealed class PartitionReadiness : IDisposable
{
    private readonly ServerGauges _gauges = new();
    private readonly Lock _lock = new();
    private readonly HashSet<PartitionId> _served = [];
    private TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile bool _isWhole;
    private volatile bool _wasWhole;
    private volatile bool _isLeaving;

    public PartitionReadiness(ClusterSettingsView settings)
    {
        Settings = settings;
        _gauges.Add(
            "grains.partitions.unserved", () => Missing.Count, null,
            "Partitions that no server owns, as far as this one knows.");
    }

    public ClusterSettingsView Settings { get; }

    /// <summary>
    /// Ready for traffic: everything was served once, and this server is not about to stop. Not withdrawn while
    /// a partition has no owner: all servers would say so at once, of a trouble that only its own callers have.
    /// </summary>
    public bool IsReady => _wasWhole && !_isLeaving;

    /// <summary>Every partition is served, as far as is known here.</summary>
    public bool IsWhole => _isWhole;

    /// <summary>This server is about to stop.</summary>
    public bool IsLeaving => _isLeaving;

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

    public void Leave() => _isLeaving = true;

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
                _isWhole = Settings.Slots is { } slots && _served.Count >= slots.Partitions.Count;
                if (_isWhole)
                {
                    _wasWhole = true;
                    _ready.TrySetResult();
                }
                else if (_ready.Task.IsCompleted)
                {
                    _ready = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }
            }
        }
    }

    public void Dispose() => _gauges.Dispose();
}
