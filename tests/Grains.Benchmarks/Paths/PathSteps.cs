using Grains.Benchmarks.Loads;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;

namespace Grains.Benchmarks.Paths;

/// <summary>What one caller of a silo does again and again.</summary>
internal static class PathSteps
{
    public static async ValueTask PutAsync(IPartitions partitions, BenchmarkKeys keys, int key) =>
        Expect<KeyWritten>(await partitions.ExecuteAsync(keys.PartitionOf(key), keys.Put(key), CancellationToken.None));

    /// <summary>Messages sent at once, received as one delivery, and committed with a state.</summary>
    public static async ValueTask CycleAsync(IPartitions partitions, Utf8Name node, int messages)
    {
        PartitionId partition = partitions.Slots.PartitionOf(PlacementKey.SlotOfNode("bench"u8, node.Span));
        await SendAsync(partitions, partition, node, messages);
        DeliveryGiven given = Expect<DeliveryGiven>(await partitions.ExecuteAsync(
            partition, BenchmarkMessages.Receive(node) with { MaxMessages = messages }, CancellationToken.None));
        if (given.Messages.Length != messages)
        {
            throw new InvalidOperationException($"{messages} messages were sent, {given.Messages.Length} delivered.");
        }

        var state = new StateChange(new byte[BenchmarkMessages.BodyBytes], null);
        Expect<Committed>(await partitions.ExecuteAsync(
            partition, new CommitDelivery { Delivery = given.Delivery, State = state }, CancellationToken.None));
    }

    private static async ValueTask SendAsync(IPartitions partitions, PartitionId partition, Utf8Name node, int messages)
    {
        if (messages == 1)
        {
            Expect<MessageAccepted>(
                await partitions.ExecuteAsync(partition, BenchmarkMessages.Send(node), CancellationToken.None));
            return;
        }

        Answer[] answers = await Task.WhenAll(Enumerable.Range(0, messages).Select(
            _ => partitions.ExecuteAsync(partition, BenchmarkMessages.Send(node), CancellationToken.None).AsTask()));
        foreach (Answer answer in answers)
        {
            Expect<MessageAccepted>(answer);
        }
    }

    private static T Expect<T>(Answer answer)
        where T : Answer =>
        answer as T ?? throw new InvalidOperationException($"{typeof(T).Name} was expected, and {answer} came.");
}
