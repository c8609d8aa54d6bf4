using Grains.Silo.Telemetry;
using Grains.StateMachines.Slots;

namespace Grains.Silo.Cluster;

/// <summary>The settings in this process, once they are read.</summary>
public sealed class ClusterSettingsView : IDisposable
{
    private readonly ServerGauges _gauges = new();
    private volatile SlotMap? _slots;

    private readonly Lock _lock = new();
    private volatile ClusterSettings? _settings;

    public ClusterSettingsView() => _gauges.Add(
        "grains.cluster.paused", () => _settings?.Paused is null ? 0 : 1, null,
        "1 while push and timers wait for POST /v1/cluster:resume, as a restored copy does.");

    public ClusterSettings? Settings => _settings;

    /// <summary>Null until the settings are read.</summary>
    public SlotMap? Slots => _slots;

    /// <returns>False: newer ones, or the same, were published before.</returns>
    public bool Publish(ClusterSettings settings)
    {
        lock (_lock)
        {
            if (_settings is { } known && known.Version >= settings.Version)
            {
                return false;
            }

            _slots = settings.ToSlotMap();
            _settings = settings;
            return true;
        }
    }

    public void Dispose() => _gauges.Dispose();
}
