using Grains.Simulation.Tests.Workload;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;

namespace Grains.Simulation.Tests.Checks;

/// <summary>
/// In a world that is whole nothing that could go on waits: who is parked is given what comes, what is due happens when
/// it is due, and a checkpoint that failed is written. Every wait here would be answered late, not never, by a lost
/// wake-up.
/// </summary>
internal sealed class PromptnessCheck(SimWorld world)
{
    /// <summary>Longer than any step of a sound server and its store; far shorter than the waits.</summary>
    private const int _soonMs = 400;

    private const int _lapseMs = 600;
    private const int _waitMs = 20_000;
    private const int _checkpointMs = 5_000;

    private static readonly ServiceId _service = new(5);

    public async Task RunAsync()
    {
        await Task.WhenAll(world.Partitions.Select(OneByOneAsync));
        await CheckpointsAsync();
    }

    /// <summary>
    /// One at a time: what wakes the partition for one thing would hide that nothing woke it for another.
    /// </summary>
    private async Task OneByOneAsync(PartitionId partition)
    {
        await LapsedLeaseAsync(partition);
        await DueMessageAsync(partition);
        await ArrivalAsync(partition);
        await AwaitedReplyAsync(partition);
        await EndedKeyAsync(partition);
    }

    private async Task ArrivalAsync(PartitionId partition)
    {
        Task<Answer?> parked = AskAsync(partition, Receive("arrival", leaseMs: 60_000));
        await world.DelayAsync(_lapseMs);
        await MustAsync<MessageAccepted>(partition, Send("arrival"));
        await SoonAsync<DeliveryGiven>(
            parked, world.Kernel.NowNs, $"what arrives at {partition} is given to who waits for it");
    }

    private async Task LapsedLeaseAsync(PartitionId partition)
    {
        await MustAsync<MessageAccepted>(partition, Send("lease"));
        await MustAsync<DeliveryGiven>(partition, Receive("lease", _lapseMs));
        long endsNs = world.Kernel.NowNs + (_lapseMs * 1_000_000L);
        Task<Answer?> parked = AskAsync(partition, Receive("lease", leaseMs: 60_000));
        await SoonAsync<DeliveryGiven>(parked, endsNs, $"a lease of {partition} ends in time");
    }

    private async Task DueMessageAsync(PartitionId partition)
    {
        await MustAsync<MessageAccepted>(partition, Send("due") with { Due = new Due(_lapseMs, 0) });
        long dueNs = world.Kernel.NowNs + (_lapseMs * 1_000_000L);
        await SoonAsync<DeliveryGiven>(
            AskAsync(partition, Receive("due", leaseMs: 60_000)), dueNs,
            $"a delayed message of {partition} comes in time");
    }

    private async Task EndedKeyAsync(PartitionId partition)
    {
        var key = new Utf8Name("prompt");
        await MustAsync<KeyWritten>(
            partition, new PutKey { Keyspace = Names.Expiring, Key = key, Value = [1], TtlMs = _lapseMs });
        await world.DelayAsync(_lapseMs + _soonMs);
        if (await AskAsync(
            partition, new GetKey { Keyspace = Names.Expiring, Key = key }) is not Refused { Code: Refusal.NotFound })
        {
            world.Violation(
                $"a key of {partition} with a life of {_lapseMs} ms is there after {_lapseMs + _soonMs} ms");
        }
    }

    private async Task AwaitedReplyAsync(PartitionId partition)
    {
        MessageId message = (await MustAsync<MessageAccepted>(partition, Send("reply"))).Message;
        DeliveryGiven given = await MustAsync<DeliveryGiven>(partition, Receive("reply", leaseMs: 60_000));
        Task<Answer?> waiting = AskAsync(partition, new GetReply(_service, message) { WaitMs = _waitMs });
        await world.DelayAsync(_lapseMs);
        await MustAsync<Committed>(partition, new CommitDelivery
        {
            Delivery = given.Delivery, Replies = [new OutgoingReply(message, Names.Content("done"))], BodyHash = 1,
        });
        await SoonAsync<ReplyFound>(
            waiting, world.Kernel.NowNs, $"a reply at {partition} is given to who waits for it");
    }

    /// <summary>Each that failed after everything else was healed; nothing but time is needed.</summary>
    private async Task CheckpointsAsync()
    {
        for (int ms = 0; world.CheckpointsOwed.Count > 0; ms += 100)
        {
            if (ms > _checkpointMs)
            {
                world.Violation(
                    $"the checkpoint of {string.Join(", ", world.CheckpointsOwed)} failed {ms} ms ago and was not "
                    + "written since");
                return;
            }

            await world.DelayAsync(100);
        }
    }

    private async Task SoonAsync<T>(Task<Answer?> answer, long fromNs, string what)
    {
        Answer? given = await answer;
        long lateMs = (world.Kernel.NowNs - fromNs) / 1_000_000;
        if (given is not T || lateMs > _soonMs)
        {
            world.Violation($"{what}: came {lateMs} ms after it could: {given}");
        }
    }

    private async Task<T> MustAsync<T>(PartitionId partition, Command command)
        where T : Answer => await AskAsync(partition, command) as T
            ?? throw new InvalidOperationException($"{command.GetType().Name} is not answered with a {typeof(T).Name} by {partition}.");

    private Task<Answer?> AskAsync(PartitionId partition, Command command) =>
        world.Network.AttemptAsync(partition, command, _waitMs + 1_000);

    private static SendMessage Send(string node) => new()
    {
        Service = _service, Node = new Utf8Name(node), Content = Names.Content(node), MailboxLimit = 1_000,
    };

    private static Receive Receive(string node, long leaseMs) => new()
    {
        Service = _service,
        ServiceName = "prompt",
        Node = new Utf8Name(node),
        MaxMessages = 1,
        LeaseMs = leaseMs,
        WaitMs = _waitMs,
        MaxAttempts = 1_000,
    };
}
