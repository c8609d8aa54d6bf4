using Grains.Journal;
using Grains.Silo;
using Grains.Silo.Cluster;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace Grains.Benchmarks.Paths;

/// <summary>A silo as the server hosts it, without its web part.</summary>
internal sealed class SiloInProcess : IAsyncDisposable
{
    private const string _clusterName = "grains";
    private static readonly TimeSpan _readyDeadline = TimeSpan.FromSeconds(60);
    private readonly IHost _host;

    private SiloInProcess(IHost host) => _host = host;

    public IPartitions Partitions => _host.Services.GetRequiredService<IPartitions>();

    public string Durability => _host.Services.GetRequiredService<IJournal>().Durability;

    /// <param name="folder">Keeps the cluster's settings.</param>
    /// <param name="journal">Ends with the silo.</param>
    /// <returns>When every partition is served.</returns>
    public static async Task<SiloInProcess> StartAsync(string folder, IJournal journal)
    {
        Directory.CreateDirectory(folder);
        HostApplicationBuilder builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, UnattendedLifetime>();
        builder.Services.AddSingleton(_ => journal);
        builder.UseOrleans(silo =>
        {
            silo.UseLocalhostClustering(
                World.ChildProcess.FreePort(), gatewayPort: 0, serviceId: _clusterName, clusterId: _clusterName);
            silo.Configure<SiloOptions>(o => o.SiloName = Environment.MachineName);
            silo.AddGrainsSettings(ClusterSettingsFile.At(Path.Combine(folder, "CLUSTER")));
            silo.AddGrains(new GrainsSiloOptions { IsAlone = true });
        });
        IHost host = builder.Build();
        await host.StartAsync();
        await host.Services.GetRequiredService<PartitionReadiness>().WaitAsync(CancellationToken.None)
            .WaitAsync(_readyDeadline);
        return new SiloInProcess(host);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
