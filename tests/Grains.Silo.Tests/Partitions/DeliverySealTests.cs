using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.Silo.Tests.Partitions;

/// <summary>A delivery is ended only by who was given it: its id cannot be computed.</summary>
public sealed class DeliverySealTests
{
    private static readonly ServiceId _service = new(8);
    private byte[]? _secret = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    [Fact]
    public async Task Every_forged_id_is_answered_as_one_that_is_gone_and_changes_nothing()
    {
        PartitionLoop loop = await OpenAsync();
        DeliveryId genuine = (await GivenAsync(loop)).Delivery;
        Assert.NotEqual(default, genuine.Seal);
        DeliveryId[] forged =
        [
            genuine with { Seal = 0 }, genuine with { Seal = genuine.Seal ^ 1 },
            genuine with { Seal = genuine.Seal ^ ((UInt128)1 << 127) },
            genuine with { Number = genuine.Number + 1 },
        ];
        foreach (DeliveryId id in forged)
        {
            string gone = $"Delivery {id} is not open";
            Assert.StartsWith(
                gone, (await AskAsync<Refused>(loop, new CommitDelivery { Delivery = id })).Detail,
                StringComparison.Ordinal);
            Assert.StartsWith(
                gone, (await AskAsync<Refused>(loop, new RenewDelivery(id, 1_000))).Detail, StringComparison.Ordinal);
            Refused refused = await AskAsync<Refused>(loop, new RejectDelivery { Delivery = id, DeadLetter = true });
            Assert.Equal((Refusal.DeliveryGone, gone), (refused.Code, refused.Detail[..gone.Length]));
        }

        Committed first = await AskAsync<Committed>(loop, new CommitDelivery { Delivery = genuine, BodyHash = 5 });
        Committed again = await AskAsync<Committed>(loop, new CommitDelivery { Delivery = genuine, BodyHash = 5 });
        Assert.Equal((first.Revision, true), (again.Revision, again.Repeated));
        await AskAsync<Refused>(loop, new CommitDelivery { Delivery = genuine with { Seal = 0 }, BodyHash = 5 });
    }

    [Fact]
    public async Task Another_secret_makes_another_id_and_the_next_owner_knows_the_id_of_the_one_before()
    {
        PartitionWorld world = World();
        PartitionLoop loop = await world.OpenAsync(PartitionWorld.P0);
        DeliveryId id = (await GivenAsync(loop)).Delivery;
        await loop.HandOverAsync();
        loop = await world.OpenAsync(PartitionWorld.P0);
        await AskAsync<Renewed>(loop, new RenewDelivery(id, 1_000));
        _secret = [1, 2, 3];
        await AskAsync<Refused>(loop, new RenewDelivery(id, 1_000));
    }

    [Fact]
    public async Task A_cluster_without_a_secret_seals_none_and_takes_all_until_it_has_one()
    {
        _secret = null;
        PartitionLoop loop = await OpenAsync();
        DeliveryId id = (await GivenAsync(loop)).Delivery;
        Assert.Equal(default, id.Seal);
        await AskAsync<Renewed>(loop, new RenewDelivery(id with { Seal = 7 }, 1_000));
        await AskAsync<Renewed>(loop, new RenewDelivery(id, 1_000));
        _secret = [1, 2, 3];
        await AskAsync<Refused>(loop, new RenewDelivery(id, 1_000));
    }

    [Fact]
    public async Task Two_deliveries_of_one_owner_have_two_seals_and_that_of_one_is_none_of_the_other()
    {
        PartitionLoop loop = await OpenAsync();
        DeliveryId one = (await GivenAsync(loop)).Delivery;
        DeliveryId other = (await GivenAsync(loop, "b")).Delivery;
        Assert.Equal(one.Epoch, other.Epoch);
        Assert.NotEqual(one.Seal, other.Seal);
        await AskAsync<Refused>(loop, new RenewDelivery(one with { Seal = other.Seal }, 1_000));
        await AskAsync<Renewed>(loop, new RenewDelivery(one, 1_000));
    }

    private PartitionWorld World()
    {
        var world = new PartitionWorld();
        return new PartitionWorld(world.Disk) { Runtime = world.Runtime with { DeliverySecret = () => _secret } };
    }

    private Task<PartitionLoop> OpenAsync() => World().OpenAsync(PartitionWorld.P0);

    private static async Task<DeliveryGiven> GivenAsync(PartitionLoop loop, string node = "a")
    {
        await AskAsync<MessageAccepted>(loop, new SendMessage
        {
            Service = _service, Node = new Utf8Name(node), Content = MessageContent.Empty, MailboxLimit = 10,
        });
        return await AskAsync<DeliveryGiven>(loop, new Receive
        {
            Service = _service, Node = new Utf8Name(node), ServiceName = "svc", MaxMessages = 1, LeaseMs = 30_000,
            MaxAttempts = 3,
        });
    }

    private static async Task<T> AskAsync<T>(PartitionLoop loop, Command command)
        where T : Answer => Assert.IsType<T>(await loop.ExecuteAsync(command, CancellationToken.None));
}
