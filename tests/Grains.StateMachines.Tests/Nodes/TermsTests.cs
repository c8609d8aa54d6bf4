using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>Messages that expire, and messages at the end of long chains.</summary>
public sealed class TermsTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_message_that_nobody_has_at_the_end_of_its_time_is_forgotten()
    {
        _partition.Do(_partition.Send("a", "short") with { TtlMs = 1_000 }, _partition.Send("a", "long"));
        Assert.Equal(_partition.NowMs + 1_000, _partition.WakeAtMs);
        _partition.Tick(1_000);
        Assert.Equal(("long", 1L), (Take(), _partition.Machine.Statistics.Expired));
    }

    [Fact]
    public void A_time_to_live_begins_when_the_message_is_due()
    {
        _partition.Do(_partition.Send("a", "late") with { TtlMs = 100, Due = new Due(5_000, 0) });
        _partition.Tick(5_050);
        Assert.Equal("late", Take());
    }

    [Fact]
    public void A_paused_node_lets_its_messages_expire()
    {
        _partition.Do(new PauseNode { Service = TestPartition.Service, Node = new Utf8Name("a"), Paused = true });
        _partition.Do(_partition.Send("a", "short") with { TtlMs = 1_000 });
        _partition.Tick(1_000);
        Assert.Equal(0, Node().Waiting);
    }

    [Fact]
    public void A_message_that_is_out_at_the_end_of_its_time_may_be_committed_and_is_not_tried_again()
    {
        _partition.Do(
            _partition.Send("a", "one") with { TtlMs = 1_000 }, _partition.Send("a", "two") with { TtlMs = 1_000 });
        DeliveryGiven first = _partition.Take("a")!;
        _partition.Tick(1_500);
        Assert.Equal(1, Node().Waiting);
        _partition.Do<Committed>(new CommitDelivery { Delivery = first.Delivery });

        _partition.Do(_partition.Send("a", "three") with { TtlMs = 1_000 }, _partition.Send("a", "four"));
        DeliveryGiven third = _partition.Take("a")!;
        _partition.Tick(1_500);
        _partition.Do<Rejected>(new RejectDelivery { Delivery = third.Delivery });
        Assert.Equal("four", Take());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_message_that_comes_back_after_its_time_is_forgotten_though_nobody_asks(bool paused)
    {
        _partition.Do(_partition.Send("a", "x") with { TtlMs = 1_000 });
        _partition.Take("a", leaseMs: 1_500);
        _partition.Do(new PauseNode { Service = TestPartition.Service, Node = new Utf8Name("a"), Paused = paused });
        _partition.Tick(1_400);
        Assert.Equal(1, Node().Waiting);
        _partition.Tick(100);
        Assert.Equal((0, 1L), (Node().Waiting, _partition.Machine.Statistics.Expired));
    }

    [Fact]
    public void Very_many_that_expire_at_once_are_passed_over_and_forgotten_in_bounded_steps()
    {
        var partition = new TestPartition(new MachineLimits { SweepMax = 5 });
        for (int i = 0; i < 23; i++)
        {
            partition.Do(partition.Send("a", $"{i}") with { TtlMs = 100 });
        }

        partition.Do(partition.Send("a", "kept"));
        partition.NowMs += 100;
        object ticket = partition.Wait(partition.Receive("a", waitMs: 5_000));
        partition.Tick(0);
        Assert.Equal("kept", TestPartition.Body(Assert.IsType<DeliveryGiven>(partition.Answers[ticket]).Messages[0]));
        Assert.Equal(23, partition.Machine.Statistics.Expired);
    }

    [Fact]
    public void A_receive_that_waits_is_not_given_what_expired_while_its_batch_was_decided()
    {
        _partition.Do(_partition.Send("a", "short") with { TtlMs = 1_000 });
        _partition.NowMs += 1_000;
        object ticket = _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        _partition.Do(_partition.Send("a", "next"));
        Assert.Equal("next", TestPartition.Body(Assert.IsType<DeliveryGiven>(_partition.Answers[ticket]).Messages[0]));
    }

    [Fact]
    public void A_batch_that_the_journal_refused_expires_nothing_and_the_next_one_does()
    {
        _partition.Do(_partition.Send("a", "short") with { TtlMs = 1_000 });
        _partition.NowMs += 1_000;
        _partition.DoButDrop(_partition.Put("k", "v"));
        Assert.Equal((1, 0L), (_partition.Machine.Statistics.Messages, _partition.Machine.Statistics.Expired));
        _partition.Tick(0);
        Assert.Equal(1, _partition.Machine.Statistics.Expired);
    }

    [Fact]
    public void A_dead_letter_does_not_expire_and_is_as_new_when_it_is_retried()
    {
        MessageId id = _partition.Do<MessageAccepted>(_partition.Send("a", "x") with { TtlMs = 1_000 }).Message;
        _partition.Do(new RejectDelivery { Delivery = _partition.Take("a")!.Delivery, DeadLetter = true });
        _partition.Tick(2_000);
        Assert.Equal(1, Node().Dead);
        _partition.Do<Done>(
            new SettleDeadLetter
            {
                Service = TestPartition.Service, Node = new Utf8Name("a"), Message = id, Retry = true
            });
        _partition.Tick(9_000);
        Assert.Equal("x", Take());
    }

    [Fact]
    public void A_send_that_arrives_after_its_time_is_dropped_on_the_way()
    {
        OutgoingMessage late = _partition.Outgoing("a", "late") with
        {
            Content = TestPartition.Content("late") with
            {
                Metadata = new MessageMetadata { ExpiresAtMs = _partition.NowMs }
            },
        };
        _partition.Do<TransferAccepted>(new AcceptTransfer
        {
            Source = new PartitionId(5), SourceIncarnation = 0,
            Entries = [new OutboxEntry(new OutboxSequence(1, 0), late)],
        });
        Assert.Null(Take());
    }

    [Fact]
    public void A_chain_of_messages_sent_at_once_ends_as_a_dead_letter_and_a_pause_begins_another()
    {
        _partition.Do(_partition.Send("a", "0"));
        for (int hop = 1; hop <= 4; hop++)
        {
            Forward($"{hop}", maxHops: 3);
        }

        Assert.Equal((0, 1), (Node().Waiting, Node().Dead));
        MessagePage dead = _partition.Do<MessagePage>(
            new ListMessages { Service = TestPartition.Service, Node = new Utf8Name("a"), Dead = true, Limit = 10 });
        Assert.Contains("'mailbox.maxHops' is 3", dead.Messages[0].Reason, StringComparison.Ordinal);

        _partition.Do<Done>(new SettleDeadLetter
        {
            Service = TestPartition.Service, Node = new Utf8Name("a"), Message = dead.Messages[0].Id, Retry = true,
        });
        Forward("5", maxHops: 1);
        Forward("6", maxHops: 1, delayMs: 1_000);
        _partition.Tick(1_000);
        Forward("7", maxHops: 1);
        Assert.Equal((1, 0), (Node().Waiting, Node().Dead));
    }

    [Theory]
    [InlineData(4, 3, 0, 0, true)]
    [InlineData(3, 3, 0, 0, false)]
    [InlineData(4, 3, 0, 60_000, true)]
    [InlineData(4, 3, 60_000, 0, false)]
    [InlineData(int.MaxValue, 0, 0, 0, false)]
    public void A_send_from_outside_that_carries_a_count_on_is_a_dead_letter_beyond_the_bound(
        int hops, int maxHops, long delayMs, long ttlMs, bool isDead)
    {
        SendMessage send = _partition.Send("a", "0");
        _partition.Do(send with
        {
            Content = send.Content with { Metadata = new MessageMetadata { Hops = hops, HopsMax = maxHops } },
            Due = new Due(delayMs, 0),
            TtlMs = ttlMs,
        });
        Assert.Equal(isDead ? 1 : 0, Node().Dead);
        Assert.Equal(isDead || delayMs > 0 ? 0 : 1, Node().Waiting);
    }

    private void Forward(string body, int maxHops, long delayMs = 0) => _partition.Do<Committed>(new CommitDelivery
    {
        Delivery = _partition.Take("a")!.Delivery,
        Sends = [_partition.Outgoing("a", body) with { HopsMax = maxHops, Due = new Due(delayMs, 0) }],
        BodyHash = (UInt128)body[0],
    });

    private string? Take() => _partition.Take("a") is { } given ? TestPartition.Body(given.Messages[0]) : null;

    private NodeView Node() =>
        _partition.Do(new GetNode { Service = TestPartition.Service, Node = new Utf8Name("a") }) is NodeFound found
        ? found.Node
        : new NodeView { Node = new Utf8Name("a") };
}
