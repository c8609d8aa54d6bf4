using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Cluster;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.Hosting;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

public sealed class ClusterTests
{
    private const int _partitions = 8;
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task What_was_put_through_one_server_is_read_through_another_whoever_owns_it_and_whatever_is_deactivated_or_stopped()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        IPartitions first = Partitions(cluster, 0);
        IPartitions second = Partitions(cluster, 1);
        await SpreadAsync(cluster);

        var versions = new Dictionary<PartitionId, Revision>();
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            versions[partition] = Assert.IsType<KeyWritten>(await first.ExecuteAsync(partition, Put("a", "1"), default)).Version;
        }

        await AssertReadAsync(second, versions);
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            await cluster.Client.GetPartition(partition).Cast<IGrainManagementExtension>().DeactivateOnIdle();
        }

        await AssertReadAsync(first, versions);
        await cluster.StopSiloAsync(cluster.Silos[1]);
        await AssertReadAsync(first, versions);
        await ReadyAsync(cluster);
        PartitionReport[] reports =
            await cluster.Silos[0].ServiceProvider.GetRequiredService<PartitionStatus>().ReadAsync(default);
        Assert.All(reports, r => Assert.Equal(PartitionPhase.Served, r.Phase));
        Assert.All(reports, r => Assert.True(r.Epoch > new Epoch(1)));
    }

    [Fact]
    public async Task Commands_of_many_callers_to_a_partition_of_another_server_take_effect_once_each()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        IPartitions far = Partitions(cluster, 0);
        var local = cluster.Silos[0].ServiceProvider.GetRequiredService<LocalPartitions>();
        PartitionId partition = far.Slots.Partitions.First(p => !local.TryGet(p, out _));
        var answers = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i =>
            far.ExecuteAsync(partition, Put($"k{i}", "1"), default).AsTask()));
        Assert.Equal(2_000, answers.Cast<KeyWritten>().Select(a => a.Version).Distinct().Count());
    }

    private static async Task<InProcessTestCluster> StartAsync(short servers)
    {
        var disk = new MemoryDisk();
        var settings = new SharedSettingsStorage();
        var builder = new InProcessTestClusterBuilder(servers);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) =>
        {
            silo.Services.AddSingleton<IJournal>(_ => new MemoryJournal(disk));
            silo.Services.AddKeyedSingleton<Orleans.Storage.IGrainStorage>(ClusterStorage.Name, settings);
            silo.AddGrains(new GrainsSiloOptions { Keeper = new KeeperOptions { Partitions = _partitions, HandOverDelayMs = 50 } });
        });
        InProcessTestCluster cluster = builder.Build();
        await cluster.DeployAsync();
        return cluster;
    }

    private static IPartitions Partitions(InProcessTestCluster cluster, int server) =>
        cluster.Silos[server].ServiceProvider.GetRequiredService<IPartitions>();

    /// <summary>The first server took everything while it was alone, and hands over what the second is to have.</summary>
    private static async Task SpreadAsync(InProcessTestCluster cluster)
    {
        await ReadyAsync(cluster);
        int[] counts = [];
        await Until(() =>
        {
            counts = [.. cluster.Silos.Select(s => s.ServiceProvider.GetRequiredService<LocalPartitions>().Count)];
            return Task.FromResult(counts.Sum() == _partitions && counts.Min() >= 3);
        });
        await ReadyAsync(cluster);
    }

    private static async Task ReadyAsync(InProcessTestCluster cluster)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        foreach (InProcessSiloHandle silo in cluster.Silos)
        {
            await silo.ServiceProvider.GetRequiredService<PartitionReadiness>().WaitAsync(deadline.Token);
        }
    }

    private static async Task AssertReadAsync(IPartitions through, Dictionary<PartitionId, Revision> versions)
    {
        foreach ((PartitionId partition, Revision version) in versions)
        {
            Assert.Equal(version, Assert.IsType<KeyFound>(await through.ExecuteAsync(partition, Get("a"), default)).Entry.Version);
        }
    }
}
