using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>What a node's next delivery waits for.</summary>
public sealed class ExplainTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_node_that_was_never_addressed_holds_nothing() => _partition.Refuse(Explain(), Refusal.NotFound);

    [Fact]
    public void Every_step_of_a_message_is_seen()
    {
        MessageId id = _partition.Do<MessageAccepted>(_partition.Send("a", "1")).Message;
        Assert.True(Explained() is { Next: { } next, Attempts: 0, WaitingForNode: 0, LeaseEndsMs: 0 } && next == id);

        DeliveryGiven given = _partition.Take("a", leaseMs: 1_000)!;
        NodeExplained out1 = Explained();
        Assert.Equal((1, 1, _partition.NowMs + 1_000), (out1.Node.Delivered, out1.Attempts, out1.LeaseEndsMs));

        _partition.Do(new RejectDelivery { Delivery = given.Delivery, DelayMs = 500 });
        NodeExplained held = Explained();
        Assert.Equal(
            (0, 1, 0, _partition.NowMs + 500),
            (held.Node.Delivered, held.Attempts, held.LeaseEndsMs, held.HeldUntilMs));

        _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        _partition.Wait(_partition.Receive("", waitMs: 5_000));
        Assert.Equal((1, 1), (Explained().WaitingForNode, Explained().WaitingForAny));
        _partition.Tick(500);
        Assert.Equal((1, 2, 0), (Explained().Node.Delivered, Explained().Attempts, Explained().WaitingForNode));
    }

    [Fact]
    public void Under_a_new_owner_an_older_message_is_recorded_first()
    {
        _partition.Do(_partition.Send("a", "1"));
        _partition.Crash();
        _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        Assert.True(Explained().IsStarting || Explained().Node.Delivered == 1);
        _partition.Tick(0);
        Assert.True(Explained() is { IsStarting: false, Node.Delivered: 1, Epoch.Value: 2 });
    }

    private static ExplainNode Explain() => new() { Service = TestPartition.Service, Node = new Utf8Name("a") };

    private NodeExplained Explained() => _partition.Do<NodeExplained>(Explain());
}
