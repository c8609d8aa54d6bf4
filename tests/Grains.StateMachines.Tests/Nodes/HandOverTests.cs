using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

public class HandOverTests
{
    private readonly TestPartition _partition = new();

    [Trait("Rule", "7")]
    [Fact]
    public void A_delivery_that_is_out_at_a_hand_over_is_committed_under_the_next_owner()
    {
        DeliveryGiven given = Given("a");
        _partition.HandOver();

        Assert.Null(_partition.Take("a"));
        Committed committed = _partition.Do<Committed>(Commit(given, body: 5));
        Assert.Equal((committed.Revision, true), (_partition.Do<Committed>(Commit(given, body: 5)).Revision, true));
        _partition.Refuse(Node("a"), Refusal.NotFound);
    }

    [Fact]
    public void A_delivery_passes_through_as_many_owners_as_hand_over()
    {
        DeliveryGiven given = Given("a");
        for (int i = 0; i < 5; i++)
        {
            _partition.HandOver();
        }

        Assert.Equal(1, _partition.Machine.Statistics.OpenDeliveries);
        _partition.Do<Committed>(Commit(given));
    }

    [Fact]
    public void A_crash_after_a_hand_over_ends_the_lease_that_was_handed_over()
    {
        DeliveryGiven given = Given("a");
        _partition.HandOver();
        _partition.Crash();

        Assert.Equal(0, _partition.Machine.Statistics.OpenDeliveries);
        _partition.Refuse(Commit(given), Refusal.DeliveryGone);
        Assert.Equal(2, _partition.Take("a")!.Messages[0].Attempts);
    }

    [Fact]
    public void A_crash_in_the_middle_of_a_hand_over_still_keeps_the_lease()
    {
        DeliveryGiven given = Given("a");
        _partition.WriteHandOver();
        _partition.Crash();

        _partition.Do<Committed>(Commit(given));
    }

    [Fact]
    public void A_lease_has_under_the_next_owner_what_was_left_of_it_and_no_less()
    {
        DeliveryGiven given = Given("a", leaseMs: 10_000);
        _partition.NowMs += 4_000;
        _partition.HandOver();

        Assert.Equal(_partition.NowMs + 6_000, _partition.WakeAtMs);
        _partition.Tick(5_999);
        Assert.Null(_partition.Take("a"));
        _partition.Tick(1);
        _partition.Refuse(Commit(given), Refusal.DeliveryGone);
        Assert.NotNull(_partition.Take("a"));
    }

    [Fact]
    public void A_lease_that_was_handed_over_is_renewed_and_rejected_like_any_other()
    {
        DeliveryGiven given = Given("a", leaseMs: 10_000);
        _partition.HandOver();
        _partition.NowMs += 9_000;
        _partition.Do<Renewed>(new RenewDelivery(given.Delivery, 10_000));
        _partition.Tick(9_000);
        Assert.Equal(1, _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery }).Returned);
        Assert.Equal(2, _partition.Take("a")!.Messages[0].Attempts);
    }

    [Fact]
    public void Deliveries_of_two_owners_with_the_same_number_are_told_apart()
    {
        DeliveryGiven first = Given("a");
        _partition.HandOver();
        DeliveryGiven second = Given("b");

        Assert.Equal(first.Delivery.Number, second.Delivery.Number);
        _partition.Do<Committed>(Commit(second));
        Assert.Null(_partition.Take("a"));
        _partition.Do<Committed>(Commit(first));
        Assert.True(second.Token.Value > first.Token.Value);
    }

    [Fact]
    public void A_node_that_is_held_back_is_held_back_by_the_next_owner_for_the_rest()
    {
        DeliveryGiven given = Given("a");
        _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery, DelayMs = 5_000 });
        _partition.NowMs += 2_000;
        _partition.HandOver();

        Assert.Null(_partition.Take("a"));
        _partition.Tick(3_000);
        Assert.NotNull(_partition.Take("a"));
    }

    [Fact]
    public void Where_nothing_is_out_nothing_is_written()
    {
        _partition.Do<MessageAccepted>(_partition.Send("a", "x"));
        Assert.Equal(0, _partition.Machine.DecideHandOver(_partition.Now).Changes);
    }

    [Fact]
    public void What_finds_no_room_in_the_record_ends_as_in_a_crash_and_the_rest_is_kept()
    {
        var partition = new TestPartition(new MachineLimits { StagedBytesMax = 300 });
        DeliveryGiven[] given = [.. Enumerable.Range(0, 40).Select(i =>
        {
            partition.Do<MessageAccepted>(partition.Send($"n{i}", "x"));
            return partition.Take($"n{i}")!;
        })];
        partition.HandOver();

        int kept = partition.Machine.Statistics.OpenDeliveries;
        Assert.InRange(kept, 1, 39);
        Assert.Equal(kept, given.Count(g => partition.Do(Commit(g)) is Committed));
    }

    [Fact]
    public void A_machine_that_was_handed_over_answers_nothing_more()
    {
        _partition.WriteHandOver();
        Assert.Null(_partition.Machine.TryRead(_partition.Get("a")));
        Assert.ThrowsAny<Exception>(() => _partition.Machine.Decide([], _partition.Now));
    }

    private DeliveryGiven Given(string node, long leaseMs = 30_000)
    {
        _partition.Do<MessageAccepted>(_partition.Send(node, "x"));
        return _partition.Take(node, leaseMs: leaseMs)!;
    }

    private static CommitDelivery Commit(DeliveryGiven given, ulong body = 1) =>
        new() { Delivery = given.Delivery, BodyHash = body };

    private static GetNode Node(string node) => new() { Service = TestPartition.Service, Node = new Utf8Name(node) };
}
