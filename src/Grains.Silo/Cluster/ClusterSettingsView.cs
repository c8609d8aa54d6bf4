using Grains.StateMachines.Slots;

namespace Grains.Silo.Cluster;

/// <summary>The settings in this process, once they are read.</summary>
public sealed class ClusterSettingsView
{
    private volatile SlotMap? _slots;

    public ClusterSettings? Settings { get; private set; }

    /// <summary>Null until the settings are read.</summary>
    public SlotMap? Slots => _slots;

    public void Publish(ClusterSettings settings)
    {
        Settings = settings;
        _slots = settings.ToSlotMap();
    }
}
