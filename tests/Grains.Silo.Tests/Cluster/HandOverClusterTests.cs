using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Microsoft.Extensions.DependencyInjection;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Cluster.SiloCluster;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Cluster;

/// <summary>A healthy owner is replaced by hand-over: when a server joins, is drained, resumes or stops.</summary>
public sealed class HandOverClusterTests
{
    [Fact]
    public async Task A_server_that_stops_gives_everything_away_first_and_no_call_fails_and_every_lease_is_honoured()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 3);
        await SpreadAsync(cluster);
        IPartitions first = PartitionsOf(cluster, 0);
        Dictionary<PartitionId, DeliveryGiven> given = [];
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            Assert.IsType<MessageAccepted>(await first.ExecuteAsync(partition, Send(), default));
            given[partition] = Assert.IsType<DeliveryGiven>(await first.ExecuteAsync(partition, Receive(), default));
        }

        await using var load = new SteadyPuts(first);
        var leaving = cluster.Silos[2].ServiceProvider.GetRequiredService<LocalPartitions>();
        Assert.True(leaving.Count > 0);
        await cluster.StopSiloAsync(cluster.Silos[2]);
        await load.StopAsync();

        Assert.Empty(load.Failures);
        Assert.All(first.Slots.Partitions, p => Assert.True(load.Successes[p] > 0));
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            Assert.IsType<Committed>(await first.ExecuteAsync(
                partition, new CommitDelivery { Delivery = given[partition].Delivery, BodyHash = 1 }, default));
        }
    }

    [Fact]
    public async Task A_server_that_joins_gets_its_share_and_no_call_fails()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        IPartitions first = PartitionsOf(cluster, 0);
        await using var load = new SteadyPuts(first);
        InProcessSiloHandle joined = await cluster.StartAdditionalSiloAsync();
        var local = joined.ServiceProvider.GetRequiredService<LocalPartitions>();
        await Until(() => Task.FromResult(local.Count >= 2));
        await ReadyAsync(cluster);
        await load.StopAsync();
        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task A_drained_server_keeps_nothing_until_it_is_resumed_and_no_call_fails()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        IPartitions first = PartitionsOf(cluster, 0);
        var status = cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterStatus>();
        var local = cluster.Silos[1].ServiceProvider.GetRequiredService<LocalPartitions>();
        string name = cluster.Silos[1].Name;
        await using var load = new SteadyPuts(first);

        await status.DrainAsync(name, drained: true, default);
        await Until(() => Task.FromResult(local.Count == 0));
        ServerView drained = (await status.ReadAsync(default)).Servers.Single(s => s.Name == name);
        Assert.Equal((true, 0, 0), (drained.IsDrained, drained.Assigned, drained.Report!.Partitions));

        await status.DrainAsync(name, drained: false, default);
        await Until(() => Task.FromResult(local.Count >= 3));
        await load.StopAsync();
        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task A_server_that_can_open_nothing_gets_one_partition_and_no_further_one_before_somebody_has_that()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        var status = cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterStatus>();
        await status.DrainAsync(cluster.Silos[1].Name, drained: true, default);
        await Until(() => Task.FromResult(LocalOf(cluster, 0).Count == SiloCluster.Partitions));

        CuttableJournal journal = JournalOf(cluster, 1);
        journal.RefusesAcquires = true;
        await status.DrainAsync(cluster.Silos[1].Name, drained: false, default);
        await Until(() => Task.FromResult(journal.RefusedAcquires >= 6));
        Assert.Equal(SiloCluster.Partitions - 1, LocalOf(cluster, 0).Count);

        journal.RefusesAcquires = false;
        await SpreadAsync(cluster);
    }

    [Fact]
    public async Task A_server_that_stops_while_its_journal_is_silent_ends_and_its_partitions_are_taken_over()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        LocalPartitions leaving = LocalOf(cluster, 1);
        await using var load = new SteadyPuts(PartitionsOf(cluster, 0));
        await Until(() => Task.FromResult(load.Successes.Values.All(s => s > 0)));
        JournalOf(cluster, 1).Cut();
        await Until(() => Task.FromResult(leaving.All.All(l => l.Silence > TimeSpan.Zero)));
        await cluster.StopSiloAsync(cluster.Silos[1]).WaitAsync(TimeSpan.FromSeconds(60));
        await Until(() => Task.FromResult(LocalOf(cluster, 0).Count == SiloCluster.Partitions));
    }

    [Fact]
    public async Task A_late_answer_that_a_partition_is_not_served_is_put_right_though_it_runs_here()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 1);
        await ReadyAsync(cluster);
        var readiness = cluster.Silos[0].ServiceProvider.GetRequiredService<PartitionReadiness>();
        foreach (PartitionId partition in PartitionsOf(cluster, 0).Slots.Partitions)
        {
            readiness.Set(partition, isServed: false);
        }

        await ReadyAsync(cluster);
        Assert.Empty(readiness.Missing);
    }

    [Fact]
    public async Task What_a_server_warms_up_before_it_joins_goes_through_and_leaves_nothing()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        var warmUp = cluster.Silos[1].ServiceProvider.GetRequiredService<WarmUp>();
        await warmUp.RunAsync();
        await warmUp.MoveAsync();
        Assert.Equal(SiloCluster.Partitions, LocalOf(cluster, 0).Count + LocalOf(cluster, 1).Count);
        Assert.IsType<Refused>(
            await PartitionsOf(cluster, 0).ExecuteAsync(new PartitionId(0), Get("warm-up"), default));
    }

    [Fact]
    public async Task What_may_be_said_of_servers_is_said_of_those_that_are_there()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 1);
        await ReadyAsync(cluster);
        var status = cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterStatus>();
        var e = await Assert.ThrowsAsync<UnknownServerException>(() => status.DrainAsync("nobody", true, default));
        Assert.Contains(cluster.Silos[0].Name, e.Message);
        Assert.Equal(FormatLevels.Newest, await status.RaiseFormatAsync(default));
    }

    [Fact]
    public async Task What_records_have_no_word_for_is_refused_where_it_is_asked_until_the_level_is_raised()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2, formatLevel: FormatLevels.Oldest - 1);
        await SpreadAsync(cluster);
        var status = cluster.Silos[0].ServiceProvider.GetRequiredService<IClusterStatus>();
        Assert.Equal(FormatLevels.Oldest - 1, (await status.ReadAsync(default)).Settings.FormatLevel);
        foreach (PartitionId partition in PartitionsOf(cluster, 0).Slots.Partitions)
        {
            Answer answer = await PartitionsOf(cluster, 0).ExecuteAsync(partition, new CommandOfTomorrow(), default);
            Assert.Equal(Refusal.FormatTooOld, Assert.IsType<Refused>(answer).Code);
        }

        Assert.Equal(FormatLevels.Newest, await status.RaiseFormatAsync(default));
        foreach (int server in (int[])[0, 1])
        {
            await Until(() => Task.FromResult(
                cluster.Silos[server].ServiceProvider.GetRequiredService<ClusterSettingsView>().Settings?.FormatLevel == FormatLevels.Newest));
        }

        Assert.Equal(FormatLevels.Newest, await status.RaiseFormatAsync(default));
    }

    /// <summary>Records of the oldest level have a word for it, those before had none.</summary>
    private sealed record CommandOfTomorrow : Command
    {
        public override FormatNeed Format => new(FormatLevels.Oldest, "what comes tomorrow");
    }

    private static SendMessage Send(string node = "n") =>
        Partitions.PartitionLoopTests.Send() with { Node = new Utf8Name(node) };

    private static Receive Receive(string node = "n") =>
        Partitions.PartitionLoopTests.Receive(0) with { Node = new Utf8Name(node), LeaseMs = 60_000 };
}
