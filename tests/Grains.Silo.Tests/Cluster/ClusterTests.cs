using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Core.Internal;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Cluster.SiloCluster;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

public sealed class ClusterTests
{
    [Fact]
    public async Task What_was_put_through_one_server_is_read_through_another_whoever_owns_it_and_whatever_is_deactivated_or_stopped()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        IPartitions first = PartitionsOf(cluster, 0);
        IPartitions second = PartitionsOf(cluster, 1);
        await SpreadAsync(cluster);

        var versions = new Dictionary<PartitionId, Revision>();
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            versions[partition] = Assert.IsType<KeyWritten>(
                await first.ExecuteAsync(partition, Put("a", "1"), default)).Version;
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
        IPartitions far = PartitionsOf(cluster, 0);
        var local = cluster.Silos[0].ServiceProvider.GetRequiredService<LocalPartitions>();
        PartitionId partition = far.Slots.Partitions.First(p => !local.TryGet(p, out _));
        var answers = await Task.WhenAll(Enumerable.Range(0, 2_000).Select(i =>
            far.ExecuteAsync(partition, Put($"k{i}", "1"), default).AsTask()));
        Assert.Equal(2_000, answers.Cast<KeyWritten>().Select(a => a.Version).Distinct().Count());
    }
}
