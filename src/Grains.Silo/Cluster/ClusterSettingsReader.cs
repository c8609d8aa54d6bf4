using Grains.Silo.Loops;

namespace Grains.Silo.Cluster;

/// <summary>Brings the stored settings into this process, again whenever they may have changed.</summary>
internal sealed class ClusterSettingsReader(IGrainFactory grains, ClusterSettingsView view, LocalPartitions local)
{
    /// <summary>Told after settings were published that are newer than those before.</summary>
    public event Action? Changed;

    public ClusterSettingsView View => view;

    /// <summary>The stored settings; <paramref name="proposed"/> where nothing is stored. Not published.</summary>
    public Task<ClusterSettings> ReadOrCreateAsync(ClusterSettings proposed) => Grain.ReadOrCreate(proposed);

    /// <summary>Reads and publishes what is stored now.</summary>
    public async Task RefreshAsync()
    {
        if (await Grain.Read() is { } settings)
        {
            Publish(settings);
        }
    }

    /// <summary>Stores that every partition was served once.</summary>
    public async Task BeginAsync() => Publish(await Grain.Begin());

    public void Publish(ClusterSettings settings)
    {
        if (view.Publish(settings))
        {
            local.SetFormatLevel(settings.FormatLevel);
            local.SetPaused(settings.Paused is not null);
            Changed?.Invoke();
        }
    }

    private IClusterSettingsGrain Grain => grains.GetGrain<IClusterSettingsGrain>(IClusterSettingsGrain.Key);
}
