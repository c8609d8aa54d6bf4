using Grains.Silo.Loops;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Cluster.SiloCluster;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Nothing stays without an owner because nobody asks for it.</summary>
public sealed class KeeperTests
{
    [Fact]
    public async Task A_server_whose_classes_are_known_later_than_the_server_gets_its_partitions_when_they_are()
    {
        await using InProcessTestCluster cluster = await StartAsync(
            servers: 2, sweepMs: int.MaxValue, classesKnownLate: TimeSpan.FromSeconds(1));
        await SpreadAsync(cluster);
    }

    [Fact]
    public async Task A_partition_that_nobody_took_over_is_taken_though_no_command_comes_and_no_sweep_is_due()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2, sweepMs: int.MaxValue);
        await SpreadAsync(cluster);
        foreach (int server in new[] { 0, 1 })
        {
            PartitionLoop[] lost = [.. LocalOf(cluster, server).All.Take(2)];
            foreach (PartitionLoop loop in lost)
            {
                await loop.AbandonAsync();
            }

            await Until(() => Task.FromResult(lost.All(IsServedAnew)));
        }

        bool IsServedAnew(PartitionLoop lost) => new[] { 0, 1 }.Any(s =>
            LocalOf(cluster, s).TryGet(lost.Id, out PartitionLoop? now) && now.Epoch > lost.Epoch);
    }
}
