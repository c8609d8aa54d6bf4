using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.Silo.Routing;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

public sealed class RoleTests
{
    private const int _partitions = 8;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task A_silo_that_knows_none_with_partitions_says_that_they_are_unavailable()
    {
        var builder = new InProcessTestClusterBuilder(1);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IJournal>(_ => new MemoryJournal(new MemoryDisk()));
            silo.Services.AddKeyedSingleton<Orleans.Storage.IGrainStorage>(
                ClusterStorage.Name, new SharedSettingsStorage());
            silo.AddGrains(new GrainsSiloOptions
            {
                Keeper = new KeeperOptions { Partitions = _partitions },
                Router = new RouterOptions { DeadlineMs = 200 },
            });
            silo.WithoutPartitions();
        });
        await using InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        var partitions = cluster.Silos[0].ServiceProvider.GetRequiredService<IPartitions>();
        Assert.False(partitions.IsReady);
        var e = await Assert.ThrowsAsync<PartitionUnavailableException>(
            () => partitions.ExecuteAsync(partitions.Slots.Partitions[0], Put("a", "1"), default).AsTask());
        Assert.True(e.OutcomeKnown, e.Message);
    }

    [Fact]
    public async Task A_silo_without_partitions_owns_none_is_no_host_for_anybody_and_reaches_all()
    {
        var disk = new MemoryDisk();
        var settings = new SharedSettingsStorage();
        var builder = new InProcessTestClusterBuilder(3);
        builder.Options.ConfigureFileLogging = false;
        string? web = null;
        builder.ConfigureSilo((options, silo) =>
        {
            silo.Services.AddSingleton<IJournal>(_ => new MemoryJournal(disk));
            silo.Services.AddKeyedSingleton<Orleans.Storage.IGrainStorage>(ClusterStorage.Name, settings);
            silo.Services.PostConfigure<SiloMessagingOptions>(o => o.AssumeHomogenousSilosForTesting = false);
            silo.AddGrains(new GrainsSiloOptions { Keeper = new KeeperOptions { Partitions = _partitions } });
            if (Interlocked.CompareExchange(ref web, options.SiloName, null) is null)
            {
                silo.WithoutPartitions();
            }
        });
        await using InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        using var deadline = new CancellationTokenSource(_deadline);
        foreach (InProcessSiloHandle silo in cluster.Silos)
        {
            await silo.ServiceProvider.GetRequiredService<PartitionReadiness>().WaitAsync(deadline.Token);
            string[] hosts = [];
            await Until(() =>
            {
                hosts = [.. silo.ServiceProvider.GetRequiredService<MembershipView>().Hosts.Select(m => m.Name)];
                return Task.FromResult(hosts.Length == 2);
            });
            Assert.DoesNotContain(web, hosts);
        }

        IServiceProvider far = cluster.Silos
            .Single(s => s.ServiceProvider.GetRequiredService<ILocalSiloDetails>().Name == web).ServiceProvider;
        Assert.Equal(0, far.GetRequiredService<LocalPartitions>().Count);
        IPartitions partitions = far.GetRequiredService<IPartitions>();
        foreach (PartitionId partition in partitions.Slots.Partitions)
        {
            Assert.IsType<KeyWritten>(await partitions.ExecuteAsync(partition, Put("a", "1"), deadline.Token));
        }
    }
}
