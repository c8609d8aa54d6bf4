using Grains.Silo.Cluster;

namespace Grains.Server.Backups;

/// <summary>
/// Reads and writes a cluster's settings as a server does, without being one: a silo alone, with nothing else in it.
/// </summary>
internal sealed class SettingsAccess : IAsyncDisposable
{
    private readonly IHost _host;

    private SettingsAccess(IHost host) => _host = host;

    private IClusterSettingsGrain Grain => _host.Services.GetRequiredService<IGrainFactory>()
        .GetGrain<IClusterSettingsGrain>(IClusterSettingsGrain.Key);

    public static async Task<SettingsAccess> OpenAsync(IDataPlace place, CancellationToken cancel)
    {
        HostApplicationBuilder builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.UseOrleans(silo =>
        {
            silo.UseAlone("grains-restore");
            place.AddSettings(silo);
        });
        IHost host = builder.Build();
        try
        {
            await host.StartAsync(cancel);
            return new SettingsAccess(host);
        }
        catch
        {
            host.Dispose();
            throw;
        }
    }

    /// <summary>Null: nothing is stored.</summary>
    public Task<ClusterSettings?> ReadAsync() => Grain.Read();

    /// <summary>What is stored then: these, but for the version, where nothing finished was.</summary>
    public Task<ClusterSettings> RestoreAsync(ClusterSettings settings) => Grain.Restore(settings);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
