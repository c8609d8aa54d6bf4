using System.Globalization;
using System.Text;
using Grains.Checkers.Witnesses;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;

namespace Grains.Simulation.Tests.Workload;

/// <summary>
/// Handles deliveries: appends each label to the node's state, sends some on, counts in a key; renews, rejects, is too
/// late, commits twice. The state in the end says what took effect, and how often.
/// </summary>
internal sealed class Receiver(SimWorld world, RunRecord record, int number)
{
    private readonly Caller _caller = new(world);
    private ulong _bodies;

    private Random Random => world.Kernel.Random;

    public async Task RunAsync(Func<bool> isOver)
    {
        while (!isOver())
        {
            await ReceiveAsync(new PartitionId((uint)Random.Next(world.Plan.Partitions)), Random.Next(Names.Nodes));
            await world.DelayAsync(Random.Next(0, world.IsHealing ? 10 : 100));
        }
    }

    private async Task ReceiveAsync(PartitionId partition, int node)
    {
        int leaseMs = Random.Next(200, 2_500);
        var receive = new Receive
        {
            Service = Names.Service,
            ServiceName = "svc",
            Node = Random.Next(4) == 0 ? Utf8Name.Empty : new Utf8Name($"n{node}"),
            MaxMessages = Random.Next(1, 6),
            LeaseMs = leaseMs,
            WaitMs = Random.Next(2) * Random.Next(300),
            MaxAttempts = world.Plan.MaxAttempts,
        };
        long callNs = world.Kernel.NowNs;
        Answer? answer = await world.Network.AttemptAsync(partition, receive, Random.Next(300, 1_500));
        if (answer is not DeliveryGiven given)
        {
            return;
        }

        given = world.Plant.Delivery(given);
        node = int.Parse(given.Messages[0].Node.ToString().AsSpan(1), CultureInfo.InvariantCulture);
        var delivery = new DeliverySeen(partition, node, given, callNs, world.Kernel.NowNs);
        record.Deliveries.Add(delivery);
        world.Note($"{delivery}");
        await HandleAsync(delivery, leaseMs);
    }

    private async Task HandleAsync(DeliverySeen delivery, int leaseMs)
    {
        await WorkAsync(leaseMs);
        switch (world.IsHealing ? 9 : Random.Next(10))
        {
            case 0:
                return;
            case 1:
                delivery.EndedNs = world.Kernel.NowNs;
                await _caller.CallAsync(delivery.Partition, new RejectDelivery
                {
                    Delivery = delivery.Given.Delivery,
                    DelayMs = Random.Next(2) * Random.Next(500),
                    NotCounted = Random.Next(3) == 0,
                    DeadLetter = world.Plan.MaxAttempts < 100 && Random.Next(10) == 0,
                });
                return;
            case < 4:
                await RenewAsync(delivery, leaseMs);
                break;
        }

        await CommitAsync(delivery);
    }

    private Task WorkAsync(int leaseMs) =>
        world.DelayAsync(
            world.IsHealing ? 1 : Random.Next(4) == 0 ? Random.Next(leaseMs * 2) : Random.Next(leaseMs / 4));

    private async Task RenewAsync(DeliverySeen delivery, int leaseMs)
    {
        long callNs = world.Kernel.NowNs;
        Answer? answer = await world.Network.AttemptAsync(
            delivery.Partition, new RenewDelivery(delivery.Given.Delivery, leaseMs), Random.Next(100, 1_000));
        if (answer is Renewed)
        {
            delivery.LeasedUntilNs = Math.Max(delivery.LeasedUntilNs, callNs + (leaseMs * 1_000_000L));
            await WorkAsync(leaseMs);
        }
    }

    private async Task CommitAsync(DeliverySeen delivery)
    {
        CommitDelivery commit = Compose(delivery);
        delivery.EndedNs = world.Kernel.NowNs;
        Learn(delivery, await CommitAsync(delivery, commit));
        if (Random.Next(5) == 0)
        {
            Learn(delivery, await CommitAsync(delivery, commit with { Id = default }));
        }

        if (record.Commits.ContainsKey(delivery.Given.Delivery) && Random.Next(6) == 0)
        {
            Outcome other = await CommitAsync(delivery, commit with { State = State("other"), BodyHash = NextBody() });
            if (other.Answer is Committed)
            {
                world.Violation($"a delivery was committed twice: {delivery}");
            }
        }
    }

    private async Task<Outcome> CommitAsync(DeliverySeen delivery, CommitDelivery commit)
    {
        Outcome outcome = await _caller.CallAsync(delivery.Partition, commit, 4_000);
        world.Note($"commit {commit.Delivery} {outcome.Answer} {outcome.MayHaveHappened}");
        return outcome;
    }

    private CommitDelivery Compose(DeliverySeen delivery)
    {
        MessageView[] messages = delivery.Given.Messages;
        MessageView[] done = messages[..(Random.Next(3) == 0 ? Random.Next(1, messages.Length + 1) : messages.Length)];
        string[] labels = [.. Names.Labels(delivery.Given.State), .. done.Select(m => Names.Text(m.Content.Body))];
        return new CommitDelivery
        {
            Delivery = delivery.Given.Delivery,
            Acknowledge = done.Length == messages.Length ? null : [.. done.Select(m => m.Id)],
            State = State(string.Join(',', labels)),
            Sends = [.. done.Where(m => IsSentOn(m)).Select(m => Forward(m))],
            Replies =
            [
                .. done.Where(m => !IsSentOn(m))
                .Select(m => new OutgoingReply(m.Id, Names.Content($"re:{Names.Text(m.Content.Body)}")))
            ],
            Keys =
            [
                new KeyChange
                {
                    Keyspace = Names.Counts,
                    Key = new Utf8Name($"n{delivery.Node}"),
                    Value = Encoding.UTF8.GetBytes($"{labels.Length}"),
                },
            ],
            BodyHash = NextBody(),
        };
    }

    private static bool IsSentOn(MessageView message) => Names.ChildOf(Names.Text(message.Content.Body)) is not null;

    private OutgoingMessage Forward(MessageView message) => new()
    {
        Partition = new PartitionId((uint)Random.Next(world.Plan.Partitions)),
        Service = Names.Service,
        Node = new Utf8Name($"n{Random.Next(Names.Nodes)}"),
        Content = Names.Content(Names.ChildOf(Names.Text(message.Content.Body))!),
        MailboxLimit = 1_000_000,
        For = message.Id,
    };

    private void Learn(DeliverySeen delivery, Outcome outcome)
    {
        if (outcome.Answer is not Committed committed)
        {
            return;
        }

        if (record.Commits.TryGetValue(delivery.Given.Delivery, out Revision known))
        {
            if (known != committed.Revision)
            {
                world.Violation($"a delivery was committed at {known} and at {committed.Revision}: {delivery}");
            }

            return;
        }

        record.Commits[delivery.Given.Delivery] = committed.Revision;
        record.Witnesses.Add(new Witness
        {
            Kind = WitnessKind.Write,
            Partition = delivery.Partition.Value,
            Revision = committed.Revision.Value,
            CallNs = delivery.EndedNs!.Value,
            ReturnNs = world.Kernel.NowNs,
        });
    }

    private UInt128 NextBody() => new((ulong)number, ++_bodies);

    private static StateChange State(string text) => new(Encoding.UTF8.GetBytes(text), null);
}
