using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Cluster.SiloCluster;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

/// <summary>
/// A server that alone does not reach the journal gives its partitions up; when nobody does, nobody moves.
/// </summary>
public sealed class JournalIsolationTests
{
    [Fact]
    public async Task A_server_that_alone_does_not_reach_the_journal_gives_up_all_and_takes_its_share_when_it_does()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        LocalPartitions stays = LocalOf(cluster, 0);
        LocalPartitions cut = LocalOf(cluster, 1);
        var status = cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterStatus>();
        await using var load = new SteadyPuts(PartitionsOf(cluster, 0));

        JournalOf(cluster, 1).Cut();
        await Until(() => Task.FromResult(cut.Count == 0 && stays.Count == SiloCluster.Partitions));
        Assert.True(await IsIsolatedAsync());
        Dictionary<PartitionId, Revision> written = [];
        foreach (PartitionId partition in PartitionsOf(cluster, 1).Slots.Partitions)
        {
            // Through the server that is cut off: for its own callers it is a way to the others.
            written[partition] = Assert.IsType<KeyWritten>(
                await PartitionsOf(cluster, 1).ExecuteAsync(partition, Put("a", "1"), default)).Version;
        }

        // What was under way when the network was cut arrives now, and is too late.
        JournalOf(cluster, 1).Heal();
        await Until(() => Task.FromResult(cut.Count >= 3));
        Assert.False(await IsIsolatedAsync());
        await load.StopAsync();
        await AssertReadAsync(PartitionsOf(cluster, 0), written);

        async Task<bool> IsIsolatedAsync() => (await status.ReadAsync(default)).Servers
            .Single(s => s.Name == cluster.Silos[1].Name).Report!.IsIsolated;
    }

    [Fact]
    public async Task A_server_that_cannot_open_what_it_inherits_gives_up_all_though_nothing_is_asked_of_it()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 3);
        await SpreadAsync(cluster);
        CuttableJournal cut = JournalOf(cluster, 2);
        cut.Cut();
        await cluster.StopSiloAsync(cluster.Silos[1]).WaitAsync(TimeSpan.FromSeconds(60));
        await Until(() => Task.FromResult(LocalOf(cluster, 0).Count == SiloCluster.Partitions));
        cut.Heal();
    }

    [Fact]
    public async Task While_nobody_reaches_the_journal_everybody_keeps_what_they_have()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        Dictionary<PartitionId, Epoch> before = Epochs();
        await using var load = new SteadyPuts(PartitionsOf(cluster, 0));
        JournalOf(cluster, 0).Cut();
        JournalOf(cluster, 1).Cut();

        // Longer than a server waits that is the only one, also after an outage of all: six rounds of a second and a
        // quarter.
        var longEnough = TimeSpan.FromSeconds(12);
        await Until(() => Task.FromResult(Loops().All(l => l.Silence > longEnough)));
        JournalOf(cluster, 0).Heal();
        JournalOf(cluster, 1).Heal();
        await Until(() => Task.FromResult(Loops().All(l => l.Silence < longEnough)));
        Assert.Equal(before, Epochs());

        IEnumerable<PartitionLoop> Loops() => LocalOf(cluster, 0).All.Concat(LocalOf(cluster, 1).All);
        Dictionary<PartitionId, Epoch> Epochs() => Loops().ToDictionary(l => l.Id, l => l.Epoch);
    }
}
