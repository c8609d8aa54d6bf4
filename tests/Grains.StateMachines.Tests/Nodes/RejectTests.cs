using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>Attempts that failed, or were none: how long a node is held back, what counts, who goes alone.</summary>
public sealed class RejectTests
{
    private readonly TestPartition _partition = new();

    [Theory]
    [InlineData(1, 1_000)]
    [InlineData(2, 2_000)]
    [InlineData(4, 8_000)]
    [InlineData(6, 32_000)]
    [InlineData(7, 60_000)]
    [InlineData(1_000, 60_000)]
    public void Backoff_doubles_with_each_attempt_up_to_its_bound(int attempt, long expectedMs)
    {
        Assert.Equal(expectedMs, new Backoff(1_000, 60_000, 1_000).After(attempt));
        Assert.Equal(expectedMs * 8 / 10, new Backoff(1_000, 60_000, 800).After(attempt));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(43_200_000, 43_200_000)]
    public void Backoff_neither_overflows_nor_holds_where_it_is_none(long firstMs, long expectedMs) =>
        Assert.Equal(expectedMs, new Backoff(firstMs, 43_200_000, 1_000).After(64));

    [Fact]
    public void A_node_is_held_back_longer_with_each_failed_attempt()
    {
        _partition.Do(_partition.Send("a", "1"));
        foreach (long heldMs in new[] { 100, 200, 400, 400 })
        {
            Reject(_partition.Take("a", attempts: 9)!, new Backoff(100, 400, 1_000));
            _partition.Tick(heldMs - 1);
            Assert.Null(_partition.Take("a"));
            _partition.Tick(1);
        }
    }

    [Fact]
    public void An_attempt_that_does_not_count_leaves_the_number_as_it_was_also_after_a_crash()
    {
        _partition.Do(_partition.Send("a", "1"));
        for (int i = 0; i < 10; i++)
        {
            DeliveryGiven given = _partition.Take("a", attempts: 2)!;
            Assert.Equal(1, given.Messages[0].Attempts);
            Assert.Equal((1, 0), Counts(_partition.Do<Rejected>(
                new RejectDelivery { Delivery = given.Delivery, NotCounted = true })));
        }

        Reject(_partition.Take("a", attempts: 2)!, null);
        DeliveryGiven second = _partition.Take("a", attempts: 2)!;
        Assert.Equal(2, second.Messages[0].Attempts);
        _partition.Do<Rejected>(new RejectDelivery { Delivery = second.Delivery, NotCounted = true });
        _partition.Crash();
        Assert.Equal(2, _partition.Take("a", attempts: 2)!.Messages[0].Attempts);
    }

    [Fact]
    public void To_become_a_dead_letter_counts_whatever_is_said_of_the_attempt()
    {
        _partition.Do(_partition.Send("a", "1"));
        Assert.Equal((0, 1), Counts(_partition.Do<Rejected>(new RejectDelivery
        {
            Delivery = _partition.Take("a")!.Delivery, NotCounted = true, DeadLetter = true, Reason = "bad",
        })));
    }

    [Theory]
    [InlineData(9, 2)]
    [InlineData(2, 1)]
    public void A_message_that_failed_twice_or_is_at_its_last_attempt_goes_alone_and_the_others_together(
        int attempts, int failures)
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"), _partition.Send("a", "3"));
        for (int i = 0; i < failures; i++)
        {
            DeliveryGiven all = _partition.Take("a", max: 9, attempts: attempts)!;
            Assert.Equal(3, all.Messages.Length);
            Reject(all, null);
        }

        _partition.Do(_partition.Send("a", "4"), _partition.Send("a", "5"));
        string[] deliveries = [.. Enumerable.Range(0, 4).Select(_ =>
        {
            DeliveryGiven given = _partition.Take("a", max: 9, attempts: attempts)!;
            _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
            return string.Join('+', given.Messages.Select(TestPartition.Body));
        })];
        Assert.Equal(["1", "2", "3", "4+5"], deliveries);
    }

    private void Reject(DeliveryGiven given, Backoff? backoff) =>
        _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery, Backoff = backoff });

    private static (int Returned, int Dead) Counts(Rejected rejected) => (rejected.Returned, rejected.DeadLettered);
}
