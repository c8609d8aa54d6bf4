using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>Messages whose time has not come, messages that are taken back, nodes that are paused.</summary>
public sealed class DelayTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_delayed_message_comes_when_its_time_does_behind_what_came_meanwhile()
    {
        _partition.Do(Later("a", "late", 1_000), _partition.Send("a", "1"));
        Assert.Equal("1", Take());
        _partition.Do(_partition.Send("a", "2"));
        _partition.Tick(999);
        Assert.Equal("2", Take());
        Assert.Null(Take());
        Assert.Equal(_partition.NowMs + 1, _partition.WakeAtMs);
        _partition.Tick(1);
        Assert.Equal("late", Take());
    }

    [Fact]
    public void Times_order_delayed_messages_and_a_time_that_is_past_is_none()
    {
        _partition.Do(
            Later("a", "third", 300), Later("a", "second", 200), At("a", "first", _partition.NowMs - 5),
            Later("a", "never", 0));
        _partition.Tick(300);
        Assert.Equal(["first", "never", "second", "third"], Enumerable.Range(0, 4).Select(_ => Take()));
    }

    [Fact]
    public void A_receive_that_waits_gets_it_at_its_time()
    {
        _partition.Do(Later("a", "late", 500));
        object ticket = _partition.Wait(_partition.Receive("", waitMs: 10_000));
        _partition.Tick(499);
        Assert.False(_partition.Answers.ContainsKey(ticket));
        _partition.Tick(1);
        Assert.Equal("late", TestPartition.Body(Assert.IsType<DeliveryGiven>(_partition.Answers[ticket]).Messages[0]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void It_survives_a_crash_with_or_without_a_checkpoint(bool checkpoint)
    {
        _partition.Do(Later("a", "late", 1_000), Later("b", "later", 5_000));
        if (checkpoint)
        {
            _partition.Checkpoint();
        }

        Assert.Equal(TestPartition.StateOf(_partition.Machine), TestPartition.StateOf(_partition.Rebuild(checkpoint)));
        _partition.Crash();
        Assert.Null(Take());
        _partition.Tick(1_000);
        Assert.Equal("late", Take());
        Assert.Equal(1, Node("b").Delayed);
    }

    [Fact]
    public void A_commits_delayed_send_waits_at_its_target_wherever_that_lives()
    {
        var other = new TestPartition(id: 9);
        _partition.Do(_partition.Send("a", "go"));
        DeliveryGiven given = _partition.Take("a")!;
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = given.Delivery,
            Sends =
            [
                _partition.Outgoing("a", "here") with { Due = new Due(1_000, 0) },
                _partition.Outgoing("far", "there", to: other.Id) with { Due = new Due(2_000, 0) },
                _partition.Outgoing("far", "now", to: other.Id),
            ],
        });
        Assert.Null(Take());
        _partition.Checkpoint();
        Assert.Equal(
            TestPartition.StateOf(_partition.Machine), TestPartition.StateOf(_partition.Rebuild(fromCheckpoint: true)));
        _partition.Tick(1_000);
        Assert.Equal("here", Take());

        other.NowMs = _partition.NowMs;
        other.Do<TransferAccepted>(new AcceptTransfer
        {
            Source = _partition.Id, SourceIncarnation = 0,
            Entries = _partition.Machine.ReadOutbox(other.Id, 10, 1 << 20, _partition.Now),
        });
        Assert.Equal("now", TestPartition.Body(other.Take("far")!.Messages[0]));
        other.Tick(999);
        Assert.Equal(
            1,
            other.Do<NodeFound>(
                new GetNode { Service = TestPartition.Service, Node = new Utf8Name("far") }).Node.Delayed);
        other.Tick(1);
        Assert.Equal(
            0,
            other.Do<NodeFound>(
                new GetNode { Service = TestPartition.Service, Node = new Utf8Name("far") }).Node.Delayed);
    }

    [Fact]
    public void Delayed_messages_count_against_the_mailbox_and_are_listed_and_purged()
    {
        MessageId id = _partition.Do<MessageAccepted>(Later("a", "1", 1_000)).Message;
        _partition.Do(Later("a", "2", 500));
        _partition.Refuse(Later("a", "3", 500) with { MailboxLimit = 2 }, Refusal.MailboxFull);
        MessagePage page = _partition.Do<MessagePage>(new ListMessages
        {
            Service = TestPartition.Service, Node = new Utf8Name("a"), Delayed = true, Limit = 10,
        });
        Assert.Equal(["1", "2"], page.Messages.Select(TestPartition.Body));
        Assert.Equal(_partition.NowMs + 1_000, page.Messages[0].DueMs);
        Assert.Equal(
            MessageStatus.Delayed, _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, id)).Status);
        Assert.Equal(_partition.NowMs + 500, _partition.Do<NodeExplained>(Explain()).NextDueMs);
        Assert.Equal(
            2,
            _partition.Do<Purged>(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a") }).Waiting);
        _partition.Tick(2_000);
        Assert.Null(Take());
        Assert.Equal(0, _partition.Machine.StateBytes);
    }

    [Fact]
    public void A_message_that_waits_or_is_delayed_can_be_taken_back_once()
    {
        MessageId waiting = _partition.Do<MessageAccepted>(_partition.Send("a", "1")).Message;
        MessageId delayed = _partition.Do<MessageAccepted>(Later("a", "2", 500)).Message;
        foreach (MessageId id in new[] { waiting, delayed })
        {
            _partition.Do<Done>(new CancelMessage(TestPartition.Service, id));
            _partition.Refuse(new CancelMessage(TestPartition.Service, id), Refusal.MessageNotFound);
            Assert.Equal(
                MessageStatus.Finished, _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, id)).Status);
        }

        _partition.Tick(1_000);
        Assert.Null(Take());
        Assert.Equal(0, _partition.Machine.StateBytes);
        _partition.Refuse(new CancelMessage(new ServiceId(99), waiting), Refusal.MessageNotFound);
    }

    [Fact]
    public void A_message_that_is_out_is_not_taken_back_until_its_delivery_ended()
    {
        MessageId id = _partition.Do<MessageAccepted>(_partition.Send("a", "1")).Message;
        DeliveryGiven given = _partition.Take("a")!;
        _partition.Refuse(new CancelMessage(TestPartition.Service, id), Refusal.MessageDelivered);
        _partition.Do<Rejected>(new RejectDelivery { Delivery = given.Delivery });
        _partition.Do<Done>(new CancelMessage(TestPartition.Service, id));
        _partition.Refuse(new CommitDelivery { Delivery = given.Delivery }, Refusal.DeliveryGone);
    }

    [Fact]
    public void A_paused_node_hands_out_nothing_until_it_is_resumed_whoever_asks_and_through_crashes()
    {
        Pause(true);
        _partition.Do(_partition.Send("a", "1"));
        Assert.Null(Take());
        Assert.Null(_partition.Take(""));
        _partition.Checkpoint();
        _partition.Crash();
        Assert.Null(Take());
        Assert.True(Node("a").Paused);
        object ticket = _partition.Wait(_partition.Receive("", waitMs: 10_000));
        Pause(false);
        _partition.Tick(0);
        Assert.IsType<DeliveryGiven>(_partition.Answers[ticket]);
    }

    [Fact]
    public void Pausing_ends_nothing_that_is_out_and_a_node_that_was_only_paused_leaves_nothing()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven given = _partition.Take("a")!;
        Pause(true);
        _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
        Assert.True(Node("a").Paused);
        Pause(false);
        Pause(false);
        Assert.Equal(0, _partition.Machine.StateBytes);
    }

    [Fact]
    public void Very_many_at_once_come_in_bounded_steps()
    {
        var partition = new TestPartition(new MachineLimits { SweepMax = 5 });
        for (int i = 0; i < 12; i++)
        {
            partition.Do(partition.Send("a", $"{i}") with { Due = new Due(100, 0) });
        }

        partition.NowMs += 100;
        partition.Do(partition.Get("nothing"));
        Assert.Equal(
            5,
            partition.Do<NodeFound>(
                new GetNode { Service = TestPartition.Service, Node = new Utf8Name("a") }).Node.Waiting - 5);
        partition.Do(partition.Get("nothing"));
        Assert.Equal(
            Enumerable.Range(0, 12).Select(i => $"{i}"),
            partition.Take("a", max: 20)!.Messages.Select(TestPartition.Body));
    }

    private SendMessage Later(string node, string body, long delayMs) =>
        _partition.Send(node, body) with { Due = new Due(delayMs, 0) };

    private SendMessage At(string node, string body, long atMs) =>
        _partition.Send(node, body) with { Due = new Due(0, atMs) };

    private string? Take()
    {
        if (_partition.Take("a") is not { } given)
        {
            return null;
        }

        _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
        return TestPartition.Body(given.Messages[0]);
    }

    private NodeView Node(string node) =>
        _partition.Do<NodeFound>(new GetNode { Service = TestPartition.Service, Node = new Utf8Name(node) }).Node;

    private static ExplainNode Explain() => new() { Service = TestPartition.Service, Node = new Utf8Name("a") };

    private void Pause(bool paused) =>
        _partition.Do<Done>(
            new PauseNode { Service = TestPartition.Service, Node = new Utf8Name("a"), Paused = paused });
}
