using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>One message that nobody can handle takes no other to the dead letters, however its attempts end.</summary>
public sealed class PoisonTests
{
    private const string _poison = "3";
    private const long _leaseMs = 1_000;

    private readonly TestPartition _partition = new();

    /// <summary>How an attempt at a delivery with the poison in it ends.</summary>
    public enum End
    {
        Reject,
        LeaseRunsOut,
        Crash,
        HandOverThenReject,
        HandOverThenCrash,
        CommitWithoutAny,
    }

    public static TheoryData<End, int> Ends
    {
        get
        {
            var data = new TheoryData<End, int>();
            foreach (End end in Enum.GetValues<End>())
            {
                foreach (int attempts in new[] { 1, 2, 3, 5 })
                {
                    data.Add(end, attempts);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Ends))]
    public void Only_the_poison_becomes_a_dead_letter_after_its_attempts_and_one_more_at_the_most(End end, int attempts)
    {
        _partition.Do([.. "12345".Select(c => _partition.Send("a", $"{c}"))]);
        List<string> handled = [];
        int tries = 0;
        while (_partition.Take("a", max: 9, leaseMs: _leaseMs, attempts) is { } given)
        {
            if (given.Messages.All(m => TestPartition.Body(m) != _poison))
            {
                handled.AddRange(given.Messages.Select(TestPartition.Body));
                _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
                continue;
            }

            tries++;
            Assert.InRange(tries, 1, attempts + 2);
            Finish(given, end);
        }

        Assert.Equal(["1", "2", "4", "5"], handled);
        MessageView dead = Assert.Single(Dead());
        Assert.Equal(_poison, TestPartition.Body(dead));
        Assert.Equal(Math.Max(attempts, 2), dead.Attempts);
        Assert.Contains($"{Math.Max(attempts, 2)} attempts; at the last, ", dead.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(End.Reject, 1)]
    [InlineData(End.LeaseRunsOut, 1)]
    [InlineData(End.Crash, 2)]
    public void One_that_was_alone_from_the_start_has_no_more_attempts_than_are_allowed(End end, int recorded)
    {
        _partition.Do(_partition.Send("a", _poison));
        while (_partition.Take("a", max: 9, leaseMs: _leaseMs, attempts: 1) is { } given)
        {
            Finish(given, end);
        }

        Assert.Equal(recorded, Assert.Single(Dead()).Attempts);
    }

    [Fact]
    public void What_the_worker_calls_dead_is_dead_also_in_a_batch()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        DeliveryGiven given = _partition.Take("a", max: 9)!;
        Rejected rejected = _partition.Do<Rejected>(
            new RejectDelivery { Delivery = given.Delivery, DeadLetter = true, Reason = "said so" });
        Assert.Equal((0, 2), (rejected.Returned, rejected.DeadLettered));
        Assert.All(Dead(), m => Assert.Equal("said so", m.Reason));
    }

    [Fact]
    public void Servers_that_end_before_an_attempt_is_on_record_take_nothing_along()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        int batches = 0;
        DeliveryGiven given;
        while ((given = _partition.Take("a", max: 9, attempts: 1)!).Messages.Length > 1)
        {
            Assert.True(++batches <= 2, "a message is in two batches at the most before it goes alone");
            _partition.Crash();
        }

        _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
        Assert.Equal("2", TestPartition.Body(Assert.Single(_partition.Take("a", max: 9, attempts: 1)!.Messages)));
        Assert.Empty(Dead());
    }

    [Fact]
    public void Fewer_attempts_than_it_has_had_alone_end_a_message_and_say_so()
    {
        _partition.Do(_partition.Send("a", "1"));
        for (int i = 0; i < 4; i++)
        {
            Finish(_partition.Take("a", attempts: 9)!, End.Reject);
        }

        Assert.Null(_partition.Take("a", attempts: 3));
        Assert.Equal(
            "4 attempts; at the last, more were allowed; now the service allows 3", Assert.Single(Dead()).Reason);
    }

    [Fact]
    public void The_reason_is_of_the_attempt_that_ended_it()
    {
        _partition.Do(_partition.Send("a", "1"));
        Finish(_partition.Take("a", leaseMs: _leaseMs, attempts: 2)!, End.LeaseRunsOut);
        Finish(_partition.Take("a", leaseMs: _leaseMs, attempts: 2)!, End.CommitWithoutAny);
        Assert.Equal("2 attempts; at the last, the commit did not acknowledge it", Assert.Single(Dead()).Reason);
    }

    [Fact]
    public void A_last_attempt_that_is_left_out_and_whose_record_is_refused_is_still_to_be_ended()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven given = _partition.Take("a", attempts: 1)!;
        _partition.DoButDrop(new CommitDelivery { Delivery = given.Delivery, Acknowledge = [] });
        Assert.Empty(Dead());
        Finish(given, End.Reject);
        Assert.Single(Dead());
    }

    private void Finish(DeliveryGiven given, End end)
    {
        switch (end)
        {
            case End.Reject:
                _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery, Reason = "no" });
                break;
            case End.LeaseRunsOut:
                _partition.Tick(_leaseMs);
                break;
            case End.Crash:
                _partition.Crash();
                break;
            case End.HandOverThenReject:
                _partition.HandOver();
                _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery, Reason = "no" });
                break;
            case End.HandOverThenCrash:
                _partition.HandOver();
                _partition.Crash();
                break;
            case End.CommitWithoutAny:
                _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery, Acknowledge = [] });
                break;
        }
    }

    private MessageView[] Dead() => _partition.Do<MessagePage>(new ListMessages
    {
        Service = TestPartition.Service, Node = new Utf8Name("a"), Dead = true, Limit = 100,
    }).Messages;
}
