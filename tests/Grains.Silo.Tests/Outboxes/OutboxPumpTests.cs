using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.Silo.Tests.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Outboxes;

public sealed class OutboxPumpTests
{
    private static readonly ServiceId _service = new(1);

    [Fact]
    public async Task What_a_commit_sends_to_another_partition_arrives_in_order_and_leaves_the_outbox()
    {
        var world = new PartitionWorld();
        PartitionLoop source = await world.OpenAsync(P0);
        PartitionLoop target = await world.OpenAsync(P1);
        await Answered<MessageAccepted>(source, Send("source"));
        await CommitSendsAsync(source, P1);
        await Until(async () => await MessagesAsync(target) is { Length: 3 });
        Assert.Equal(["0", "1", "2"], await MessagesAsync(target));
        await Until(() => Task.FromResult(source.Machine.OutboxTargets.Count == 0));
    }

    [Fact]
    public async Task A_target_that_is_out_of_reach_does_not_delay_another()
    {
        var world = new PartitionWorld();
        PartitionLoop source = await world.OpenAsync(P0);
        PartitionLoop target = await world.OpenAsync(P1);
        await Answered<MessageAccepted>(source, Send("source"));
        await CommitSendsAsync(source, new PartitionId(9), P1);
        await Until(async () => await MessagesAsync(target) is { Length: 3 });
    }

    [Theory]
    [InlineData(MemoryFault.CrashBefore)]
    [InlineData(MemoryFault.CrashAfter)]
    [InlineData(MemoryFault.Torn)]
    public async Task Every_message_arrives_once_wherever_the_process_dies(MemoryFault fault)
    {
        for (int appends = 0; appends < 8; appends++)
        {
            // One life ends at an append of the source or of the target; the next one ends well.
            MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, fault, skip: appends);
            var first = new PartitionWorld(
                journal: new MemoryJournalOptions { Faults = faults },
                options: new PartitionOptions
                {
                    UndecidedMsMax = 5, RepeatPauseMsMin = 1, TransferPauseMsMin = 1, TransferPauseMsMax = 5
                });
            await LiveAsync(first, isFirst: true);
            var second = new PartitionWorld(first.Disk);
            string[] arrived = await LiveAsync(second, isFirst: false);
            Assert.Equal(["0", "1", "2"], arrived);
        }
    }

    private static async Task<string[]> LiveAsync(PartitionWorld world, bool isFirst)
    {
        PartitionLoop source = await world.OpenAsync(P0);
        PartitionLoop target = await world.OpenAsync(P1);
        try
        {
            Answer? known = await source.ExecuteAsync(
                new GetNode { Service = _service, Node = new Utf8Name("source") }, default);
            if (known is Refused { Code: Refusal.NotFound } && source.Machine.OutboxTargets.Count == 0
                && (await MessagesAsync(target)).Length == 0)
            {
                await Answered<MessageAccepted>(source, Send("source"));
                known = await Answered<NodeFound>(
                    source, new GetNode { Service = _service, Node = new Utf8Name("source") });
            }

            if (known is NodeFound { Node.Waiting: 1 })
            {
                await CommitSendsAsync(source, P1);
            }

            await Until(async () => (isFirst && world.Journal.HasCrashed)
                || (source.Machine.OutboxTargets.Count == 0 && (await MessagesAsync(target)).Length >= 3));
            return await MessagesAsync(target);
        }
        catch (Exception) when (isFirst && world.Journal.HasCrashed)
        {
            return [];
        }
    }

    private static async Task CommitSendsAsync(PartitionLoop source, params PartitionId[] targets)
    {
        DeliveryGiven given = await Answered<DeliveryGiven>(source, new Receive
        {
            Service = _service, ServiceName = "svc", Node = new Utf8Name("source"), MaxMessages = 1, LeaseMs = 10_000,
            MaxAttempts = 100,
        });
        await Answered<Committed>(source, new CommitDelivery
        {
            Delivery = given.Delivery,
            Sends = [.. targets.SelectMany(t => Enumerable.Range(0, 3).Select(i => new OutgoingMessage
            {
                Partition = t,
                Service = _service,
                Node = new Utf8Name("target"),
                MailboxLimit = 100,
                Content = new MessageContent { Body = new Utf8Name($"{i}").Bytes },
            }))],
        });
    }

    private static async Task<string[]> MessagesAsync(PartitionLoop target)
    {
        Answer answer = await target.ExecuteAsync(
            new ListMessages { Service = _service, Node = new Utf8Name("target"), Limit = 100 },
            CancellationToken.None);
        return answer switch
        {
            MessagePage page => [.. page.Messages.Select(m => new Utf8Name(m.Content.Body).ToString())],
            NotOwner => throw new InvalidOperationException("The target has ended."),
            _ => [],
        };
    }

    private static SendMessage Send(string node) => new()
    {
        Service = _service, Node = new Utf8Name(node), Content = MessageContent.Empty, MailboxLimit = 100,
    };
}
