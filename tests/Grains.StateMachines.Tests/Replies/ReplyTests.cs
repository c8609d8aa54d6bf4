using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Replies;

/// <summary>What a handler says to who asked.</summary>
public sealed class ReplyTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_reply_is_kept_for_who_asks_later_and_given_to_who_waits()
    {
        MessageId asked = Ask("a");
        object waits = _partition.Wait(Get(asked, waitMs: 30_000));
        Assert.Equal(ReplyStatus.Open, _partition.Do<ReplyFound>(Get(asked)).Status);
        Commit(_partition.Take("a")!, new OutgoingReply(null, TestPartition.Content("yes")));
        Assert.Equal("yes", Body(Assert.IsType<ReplyFound>(_partition.Answers[waits])));
        Assert.Equal("yes", Body(_partition.Do<ReplyFound>(Get(asked, waitMs: 1_000))));
        _partition.Crash();
        Assert.Equal("yes", Body(_partition.Do<ReplyFound>(Get(asked))));
    }

    [Fact]
    public void Who_waits_is_told_when_it_is_over_without_a_reply_a_dead_letter_or_when_the_time_is()
    {
        MessageId[] asked = [Ask("a"), Ask("b"), Ask("c"), Ask("d"), Ask("e")];
        object[] waits = [.. asked.Select(a => _partition.Wait(Get(a, waitMs: 30_000)))];
        Commit(_partition.Take("a")!);
        _partition.Do<Rejected>(
            new RejectDelivery { Delivery = _partition.Take("b")!.Delivery, DeadLetter = true, Reason = "no" });
        _partition.Do<Done>(new CancelMessage(TestPartition.Service, asked[2]));
        _partition.Do<Purged>(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("d") });
        Assert.False(_partition.Answers.ContainsKey(waits[4]));
        _partition.Tick(30_000);
        Assert.Equal(
            [ReplyStatus.Finished, ReplyStatus.Dead, ReplyStatus.Dropped, ReplyStatus.Dropped, ReplyStatus.Open],
            waits.Select(w => Assert.IsType<ReplyFound>(_partition.Answers[w]).Status));
        Assert.Equal("no", ((ReplyFound)_partition.Answers[waits[1]]).Reason);
    }

    [Fact]
    public void Who_went_away_is_not_answered_and_costs_nothing_more()
    {
        MessageId asked = Ask("a");
        object gone = _partition.Wait(Get(asked, waitMs: 30_000));
        Assert.True(_partition.Machine.Cancel(gone));
        Commit(_partition.Take("a")!, new OutgoingReply(null, TestPartition.Content("yes")));
        Assert.False(_partition.Answers.ContainsKey(gone));
    }

    [Fact]
    public void One_caller_more_than_may_wait_is_told_and_an_answer_that_is_there_costs_no_place()
    {
        var partition = new TestPartition(new MachineLimits { WaitingForRepliesMax = 2 });
        MessageId asked = partition.Do<MessageAccepted>(partition.Send("a", "?")).Message;
        object[] waits = [partition.Wait(Get(asked, waitMs: 30_000)), partition.Wait(Get(asked, waitMs: 30_000))];
        partition.Refuse(Get(asked, waitMs: 30_000), Refusal.Overloaded);
        Assert.Equal(ReplyStatus.Open, partition.Do<ReplyFound>(Get(asked)).Status);
        partition.Do<Committed>(new CommitDelivery { Delivery = partition.Take("a")!.Delivery });
        Assert.All(
            waits, w => Assert.Equal(ReplyStatus.Finished, Assert.IsType<ReplyFound>(partition.Answers[w]).Status));
        Assert.Equal(ReplyStatus.Finished, partition.Do<ReplyFound>(Get(asked, waitMs: 30_000)).Status);
    }

    [Fact]
    public void A_message_that_expires_while_somebody_waits_is_said_to_be_dropped()
    {
        MessageId asked = _partition.Do<MessageAccepted>(_partition.Send("a", "?") with { TtlMs = 1_000 }).Message;
        object waits = _partition.Wait(Get(asked, waitMs: 30_000));
        _partition.Tick(1_000);
        Assert.Equal(ReplyStatus.Dropped, Assert.IsType<ReplyFound>(_partition.Answers[waits]).Status);
    }

    [Fact]
    public void A_batch_that_the_journal_refused_answers_nobody()
    {
        MessageId asked = Ask("a");
        object waits = _partition.Wait(Get(asked, waitMs: 30_000));
        DeliveryGiven given = _partition.Take("a")!;
        var commit = new CommitDelivery
        {
            Delivery = given.Delivery, Replies = [new OutgoingReply(null, TestPartition.Content("yes"))]
        };
        _partition.DoButDrop(commit);
        Assert.False(_partition.Answers.ContainsKey(waits));
        _partition.Do<Committed>(commit);
        Assert.Equal("yes", Body((ReplyFound)_partition.Answers[waits]));
    }

    [Fact]
    public void A_reply_is_forgotten_after_ten_minutes_and_its_bytes_with_it()
    {
        MessageId asked = Ask("a");
        Commit(_partition.Take("a")!, new OutgoingReply(asked, TestPartition.Content("yes")));
        Assert.True(_partition.Machine.StateBytes > 0);
        _partition.NowMs += 599_999;
        _partition.Do<KeyWritten>(_partition.Put("k", "v"));
        Assert.Equal(ReplyStatus.Replied, _partition.Do<ReplyFound>(Get(asked)).Status);
        _partition.NowMs += 1;
        _partition.Do<KeyWritten>(_partition.Delete("k"));
        Assert.Equal(ReplyStatus.Finished, _partition.Do<ReplyFound>(Get(asked)).Status);
        Assert.Equal(0, _partition.Machine.StateBytes);
    }

    [Fact]
    public void The_oldest_replies_go_first_where_too_many_bytes_are_kept()
    {
        var partition = new TestPartition(new MachineLimits { RepliesBytesMax = 2_000 });
        List<MessageId> asked = [];
        for (int i = 0; i < 4; i++)
        {
            asked.Add(partition.Do<MessageAccepted>(partition.Send("a", "?")).Message);
            partition.Do<Committed>(new CommitDelivery
            {
                Delivery = partition.Take("a")!.Delivery,
                Replies = [new OutgoingReply(null, TestPartition.Content(new string('x', 500)))],
            });
        }

        ReplyStatus[] Now() => [.. asked.Select(a => partition.Do<ReplyFound>(Get(a)).Status)];
        Assert.Equal([ReplyStatus.Finished, ReplyStatus.Finished, ReplyStatus.Replied, ReplyStatus.Replied], Now());
        partition.Checkpoint();
        partition.Crash();
        Assert.Equal([ReplyStatus.Finished, ReplyStatus.Finished, ReplyStatus.Replied, ReplyStatus.Replied], Now());
    }

    [Fact]
    public void A_message_that_is_sent_on_is_replied_to_by_who_handles_that()
    {
        var other = new TestPartition(id: 9);
        MessageId asked = Ask("a");
        object waits = _partition.Wait(Get(asked, waitMs: 60_000));
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            Sends = [_partition.Outgoing("b", "?", other.Id) with { For = asked }],
        });
        Assert.False(_partition.Answers.ContainsKey(waits));
        Move(_partition, other);
        DeliveryGiven there = other.Take("b")!;
        Assert.Equal(asked, there.Messages[0].Content.Metadata!.ReplyTo);
        other.Do<Committed>(new CommitDelivery
        {
            Delivery = there.Delivery,
            Replies = [new OutgoingReply(there.Messages[0].Id, TestPartition.Content("from b"))],
        });
        other.Checkpoint();
        other.Crash();
        Move(other, _partition);
        Assert.Equal("from b", Body((ReplyFound)_partition.Answers[waits]));
        Assert.Equal("from b", Body(_partition.Do<ReplyFound>(Get(asked))));
    }

    [Fact]
    public void The_first_reply_counts()
    {
        MessageId asked = Ask("a");
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            Sends =
            [
                _partition.Outgoing("b", "?") with { For = asked }, _partition.Outgoing("b", "?") with { For = asked }
            ],
        });
        Commit(_partition.Take("b")!, new OutgoingReply(null, TestPartition.Content("first")));
        Commit(_partition.Take("b")!, new OutgoingReply(null, TestPartition.Content("second")));
        Assert.Equal("first", Body(_partition.Do<ReplyFound>(Get(asked))));
    }

    [Fact]
    public void A_reply_to_what_the_commit_does_not_acknowledge_is_refused_whole()
    {
        MessageId first = Ask("a");
        MessageId second = Ask("a");
        DeliveryGiven given = _partition.Take("a", max: 2)!;
        OutgoingReply To(MessageId? message) => new(message, TestPartition.Content("x"));
        foreach (CommitDelivery bad in new[]
        {
            new CommitDelivery { Delivery = given.Delivery, Replies = [To(null)] },
            new CommitDelivery { Delivery = given.Delivery, Replies = [To(second with { Ordinal = 7 })] },
            new CommitDelivery
            {
                Delivery = given.Delivery, Replies = [To(second with { Partition = new PartitionId(9) })]
            },
            new CommitDelivery { Delivery = given.Delivery, Acknowledge = [first], Replies = [To(second)] },
            new CommitDelivery
            {
                Delivery = given.Delivery, Acknowledge = [first],
                Sends = [_partition.Outgoing("b", "?") with { For = second }],
            },
        })
        {
            _partition.Refuse(bad, Refusal.NotHeld);
        }

        _partition.Refuse(
            new CommitDelivery { Delivery = given.Delivery, Replies = [To(first), To(first)] }, Refusal.LimitExceeded);
        Commit(given, To(first), To(second));
    }

    [Fact]
    public void A_message_of_another_service_or_that_never_was_has_no_reply()
    {
        MessageId asked = Ask("a");
        _partition.Refuse(Get(asked) with { Service = new ServiceId(99) }, Refusal.MessageNotFound);
        Commit(_partition.Take("a")!, new OutgoingReply(null, TestPartition.Content("yes")));
        _partition.Refuse(Get(asked) with { Service = new ServiceId(99) }, Refusal.MessageNotFound);
        _partition.Refuse(Get(asked with { Revision = new Revision(10_000) }, waitMs: 1_000), Refusal.MessageNotFound);
    }

    private MessageId Ask(string node) => _partition.Do<MessageAccepted>(_partition.Send(node, "?")).Message;

    private void Commit(DeliveryGiven given, params OutgoingReply[] replies) =>
        _partition.Do<Committed>(new CommitDelivery { Delivery = given.Delivery, Replies = replies });

    private static void Move(TestPartition from, TestPartition to)
    {
        OutboxEntry[] entries = from.Machine.ReadOutbox(to.Id, 10, 1 << 20, from.Now);
        var transfer = new AcceptTransfer { Source = from.Id, SourceIncarnation = 0, Entries = entries };
        to.Do<TransferAccepted>(transfer);
        to.Do<TransferAccepted>(transfer);
    }

    private static GetReply Get(MessageId message, long waitMs = 0) =>
        new(TestPartition.Service, message) { WaitMs = waitMs };

    private static string Body(ReplyFound found)
    {
        Assert.Equal(ReplyStatus.Replied, found.Status);
        return System.Text.Encoding.UTF8.GetString(found.Content!.Body);
    }
}
