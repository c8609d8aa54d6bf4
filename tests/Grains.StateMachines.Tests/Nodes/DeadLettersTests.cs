using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>All dead letters of a node at once, step by step.</summary>
public sealed class DeadLettersTests
{
    private readonly TestPartition _partition = new(new MachineLimits { SweepMax = 2 });

    [Fact]
    public void All_go_to_the_tail_in_their_order_after_what_waits_and_begin_anew()
    {
        Kill("1", "2", "3");
        _partition.Do(_partition.Send("a", "waiting"));
        Assert.Equal(new Settled(2, More: true), Settle(retry: true));
        _partition.Crash();
        Assert.Equal(new Settled(1, More: false), Settle(retry: true));
        Assert.Equal(new Settled(0, More: false), Settle(retry: true));
        List<string> taken = [];
        while (_partition.Take("a") is { } given)
        {
            taken.Add($"{TestPartition.Body(given.Messages[0])} {given.Messages[0].Attempts}");
            _partition.Do(new CommitDelivery { Delivery = given.Delivery, BodyHash = 1 });
        }

        Assert.Equal(["waiting 1", "1 1", "2 1", "3 1"], taken);
    }

    [Fact]
    public void Discarded_ones_are_gone_and_a_repeat_says_the_same()
    {
        Kill("1", "2", "3");
        SettleDeadLetters discard = All(retry: false) with { Id = new CommandId(1L << 30, 1) };
        Assert.Equal(new Settled(2, More: true), Bare(_partition.Do<Settled>(discard)));
        Assert.Equal(new Settled(2, More: true), Bare(_partition.Do<Settled>(discard)));
        Assert.Equal(new Settled(1, More: false), Settle(retry: false));
        _partition.Refuse(All(retry: false), Refusal.NotFound);
    }

    [Fact]
    public void A_node_that_holds_nothing_has_none() => _partition.Refuse(All(retry: true), Refusal.NotFound);

    private static SettleDeadLetters All(bool retry) =>
        new() { Service = TestPartition.Service, Node = new Utf8Name("a"), Retry = retry };

    private static Settled Bare(Settled settled) => new(settled.Count, settled.More);

    private void Kill(params string[] bodies)
    {
        foreach (string body in bodies)
        {
            _partition.Do(_partition.Send("a", body));
            _partition.Do(
                new RejectDelivery { Delivery = _partition.Take("a")!.Delivery, DeadLetter = true, Reason = "bad" });
        }
    }

    private Settled Settle(bool retry) => Bare(_partition.Do<Settled>(All(retry)));
}
