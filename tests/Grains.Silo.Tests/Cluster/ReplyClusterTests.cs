using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Orleans.TestingHost;
using static Grains.Silo.Tests.Cluster.SiloCluster;

namespace Grains.Silo.Tests.Cluster;

/// <summary>Callers that wait for replies, on a cluster whose partitions change their owners meanwhile.</summary>
public sealed class ReplyClusterTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_waits_for_a_reply_gets_it_from_the_next_owner_whether_the_first_one_stopped_or_died(bool inOrder)
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 3);
        await SpreadAsync(cluster);
        IPartitions first = PartitionsOf(cluster, 0);
        Dictionary<PartitionId, (MessageId Asked, Task<Answer> Waits)> asked = [];
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            MessageId id = Assert.IsType<MessageAccepted>(await first.ExecuteAsync(partition, Send(), default)).Message;
            asked[partition] =
                (id, first.ExecuteAsync(partition, new GetReply(Service, id) { WaitMs = 60_000 }, default).AsTask());
        }

        InProcessSiloHandle leaving = cluster.Silos[2];
        await (inOrder ? cluster.StopSiloAsync(leaving) : cluster.KillSiloAsync(leaving));
        Assert.DoesNotContain(asked.Values, a => a.Waits.IsCompleted);
        foreach ((PartitionId partition, (MessageId id, Task<Answer> waits)) in asked)
        {
            var given = Assert.IsType<DeliveryGiven>(await first.ExecuteAsync(partition, Receive(), default));
            Assert.Equal(id, given.Messages[0].Id);
            Assert.IsType<Committed>(await first.ExecuteAsync(
                partition,
                new CommitDelivery
                {
                    Delivery = given.Delivery, Replies = [new OutgoingReply(null, new MessageContent { Body = [7] })],
                    BodyHash = 1,
                },
                default));
            var found = Assert.IsType<ReplyFound>(await waits.WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Equal((ReplyStatus.Replied, 7), (found.Status, found.Content!.Body[0]));
        }
    }

    /// <summary>What may wait is one contract: a partition's owner is asked, wherever it is and whatever waits.</summary>
    [Fact]
    public async Task Whatever_waits_in_a_partition_of_another_server_is_answered_when_it_has_something()
    {
        await using InProcessTestCluster cluster = await StartAsync(servers: 2);
        await SpreadAsync(cluster);
        IPartitions first = PartitionsOf(cluster, 0);
        foreach (PartitionId partition in first.Slots.Partitions)
        {
            Task<Answer>[] waiting =
            [
                first.ExecuteAsync(
                    partition, new FindWork { Services = [Service], Unseen = [Service], WaitMs = 60_000 }, default).AsTask(),
                first.ExecuteAsync(partition, Receive() with { WaitMs = 60_000 }, default).AsTask(),
            ];
            await first.ExecuteAsync(partition, Send(), default);
            await first.ExecuteAsync(partition, Send() with { Node = new Utf8Name("other") }, default);
            Answer[] answers = await Task.WhenAll(waiting).WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal([Service], Assert.IsType<WorkFound>(answers[0]).Services);
            Assert.IsType<DeliveryGiven>(answers[1]);
        }
    }

    private static ServiceId Service => Send().Service;

    private static SendMessage Send() => Partitions.PartitionLoopTests.Send();

    private static Receive Receive() => Partitions.PartitionLoopTests.Receive(30_000);
}
