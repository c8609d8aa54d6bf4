using System.Text;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

public class DeliveryTests
{
    private readonly TestPartition _partition = new();

    [Trait("Rule", "6")]
    [Fact]
    public void A_commit_acknowledges_sets_state_sends_and_writes_keys_as_one_revision()
    {
        _partition.Do<MessageAccepted>(_partition.Send("a", "hello"));
        DeliveryGiven delivery = _partition.Take("a")!;
        Committed committed = _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = delivery.Delivery,
            State = new StateChange("s"u8.ToArray(), "text/plain"),
            Sends = [_partition.Outgoing("b", "there"), _partition.Outgoing("c", "far", to: new PartitionId(9))],
            Keys =
            [
                new KeyChange { Keyspace = TestPartition.Keyspace, Key = new Utf8Name("k"), Value = "v"u8.ToArray() }
            ],
        });

        KeyFound key = _partition.Do<KeyFound>(_partition.Get("k"));
        Assert.Equal(committed.Revision, key.Entry.Version);
        Assert.Equal(committed.Revision, committed.StateVersion);
        NodeView node = _partition.Do<NodeFound>(Node("a")).Node;
        Assert.Equal((0, "s"), (node.Waiting, Encoding.UTF8.GetString(node.State!)));
        Assert.Equal("svc/a", _partition.Take("b")!.Messages[0].Content.Sender);
        Assert.Equal([new PartitionId(9)], _partition.Machine.OutboxTargets);
    }

    [Fact]
    public void A_commit_of_a_delivery_that_was_out_for_long_is_remembered_like_any_other()
    {
        var partition = new TestPartition(new MachineLimits { RememberedCommitsMax = 2 });
        partition.Do(
            partition.Send("slow", "1"), partition.Send("quick", "1"), partition.Send("quick", "2"),
            partition.Send("quick", "3"));
        DeliveryGiven slow = partition.Take("slow")!;
        for (int i = 0; i < 3; i++)
        {
            partition.Do<Committed>(new CommitDelivery { Delivery = partition.Take("quick")!.Delivery, BodyHash = 1 });
        }

        var commit = new CommitDelivery { Delivery = slow.Delivery, BodyHash = 2 };
        Revision revision = partition.Do<Committed>(commit).Revision;
        Assert.Equal(
            (revision, true), (partition.Do<Committed>(commit).Revision, partition.Do<Committed>(commit).Repeated));
        partition.Checkpoint();
        partition.Crash();
        Assert.Equal(revision, partition.Do<Committed>(commit).Revision);
    }

    [Fact]
    public void Starts_that_must_be_recorded_take_as_many_records_as_the_length_of_one_allows()
    {
        const int nodes = 40;
        var partition = new TestPartition(new MachineLimits { StagedBytesMax = 200 });
        for (int node = 0; node < nodes; node++)
        {
            partition.Do([.. Enumerable.Range(0, 10).Select(i => partition.Send($"n{node}", $"{i}"))]);
        }

        partition.Crash();
        int before = partition.RecordsAsHex().Count();
        partition.Do(
            [.. Enumerable.Range(0, nodes).Select(node => partition.Receive($"n{node}", max: 10, waitMs: 1_000))]);
        partition.Tick(1);
        Assert.Equal(nodes, partition.Machine.Statistics.OpenDeliveries);
        Assert.All(partition.RecordsAsHex().Skip(before), record => Assert.InRange(record.Length / 2, 1, 300));

        before = partition.RecordsAsHex().Count();
        partition.Tick(30_001);
        while (partition.WakeAtMs <= partition.NowMs)
        {
            partition.Tick(0);
        }

        Assert.Equal(0, partition.Machine.Statistics.OpenDeliveries);
        Assert.All(partition.RecordsAsHex().Skip(before), record => Assert.InRange(record.Length / 2, 1, 300));
    }

    [Fact]
    public void A_node_has_one_delivery_at_a_time_and_its_messages_come_in_order()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"), _partition.Send("a", "3"));
        DeliveryGiven first = _partition.Take("a", max: 2)!;
        Assert.Equal(["1", "2"], first.Messages.Select(TestPartition.Body));
        Assert.Null(_partition.Take("a"));
        Commit(first);
        Assert.Equal(["3"], _partition.Take("a")!.Messages.Select(TestPartition.Body));
    }

    [Fact]
    public void A_partial_acknowledgement_leaves_the_rest_in_place_with_its_attempt_counted()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        DeliveryGiven first = _partition.Take("a", max: 2)!;
        _partition.Do<Committed>(
            new CommitDelivery { Delivery = first.Delivery, Acknowledge = [first.Messages[1].Id] });
        DeliveryGiven second = _partition.Take("a", max: 2)!;
        Assert.Equal(("1", 2), (TestPartition.Body(Assert.Single(second.Messages)), second.Messages[0].Attempts));
    }

    [Trait("Rule", "6")]
    [Fact]
    public void A_commit_that_names_a_message_it_does_not_hold_is_refused_whole()
    {
        _partition.Do(_partition.Send("a", "1"));
        MessageId other = _partition.Do<MessageAccepted>(_partition.Send("b", "2")).Message;
        DeliveryGiven delivery = _partition.Take("a")!;
        Revision before = _partition.Machine.Revision;
        _partition.Refuse(
            new CommitDelivery
            {
                Delivery = delivery.Delivery,
                Acknowledge = [delivery.Messages[0].Id, other],
                State = new StateChange([1], null),
            },
            Refusal.NotHeld);
        Assert.Equal(before, _partition.Machine.Revision);
        Commit(delivery);
    }

    [Trait("Rule", "7")]
    [Fact]
    public void A_lease_that_ran_out_gives_its_messages_back_and_its_late_commit_is_refused()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven late = _partition.Take("a", leaseMs: 1_000)!;
        _partition.Tick(1_000);
        DeliveryGiven next = _partition.Take("a")!;
        Assert.Equal(2, next.Messages[0].Attempts);
        Assert.True(next.Token.Value > late.Token.Value);
        _partition.Refuse(new CommitDelivery { Delivery = late.Delivery }, Refusal.DeliveryGone);
        Commit(next);
    }

    [Fact]
    public void A_renewed_lease_lasts_from_the_renewal()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven delivery = _partition.Take("a", leaseMs: 1_000)!;
        _partition.Tick(900);
        _partition.Do<Renewed>(new RenewDelivery(delivery.Delivery, 1_000));
        _partition.Tick(999);
        Commit(delivery);
    }

    [Fact]
    public void After_a_crash_no_old_delivery_can_commit_and_the_message_comes_again_as_a_recorded_attempt()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven old = _partition.Take("a")!;
        _partition.Crash();
        _partition.Refuse(new CommitDelivery { Delivery = old.Delivery }, Refusal.DeliveryGone);
        Revision before = _partition.Machine.Revision;
        DeliveryGiven next = _partition.Take("a")!;
        Assert.True(_partition.Machine.Revision > before, "the attempt is durable before it goes out");
        Assert.True(next.Token.Value > old.Token.Value);
        Commit(next);
        Assert.Null(_partition.Take("a"));
    }

    [Fact]
    public void An_old_delivery_does_not_commit_under_the_number_that_a_new_owner_gave_again()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven old = _partition.Take("a")!;
        _partition.Crash();
        DeliveryGiven current = _partition.Take("a")!;
        Assert.Equal(old.Delivery.Number, current.Delivery.Number);
        _partition.Refuse(new CommitDelivery { Delivery = old.Delivery }, Refusal.DeliveryGone);
        Commit(current);
    }

    [Trait("Rule", "8")]
    [Fact]
    public void An_attempt_whose_record_was_refused_is_recorded_later_and_counts()
    {
        _partition.Do(_partition.Send("a", "1"));
        Assert.Equal(1, _partition.Take("a", leaseMs: 1_000)!.Messages[0].Attempts);
        _partition.DoButDrop(_partition.Put("k", "v"));
        _partition.Tick(1_000);
        Assert.Equal(2, _partition.Take("a")!.Messages[0].Attempts);
    }

    [Trait("Rule", "8")]
    [Fact]
    public void A_handler_that_ends_its_server_each_time_is_stopped_after_its_attempts()
    {
        _partition.Do(_partition.Send("a", "poison"), _partition.Send("a", "good"));
        int handed = 0;
        while (_partition.Take("a", attempts: 3) is { } delivery
            && TestPartition.Body(delivery.Messages[0]) == "poison")
        {
            handed++;
            Assert.True(handed <= 4, "the poison is isolated");
            _partition.Crash();
        }

        MessageView dead = Assert.Single(_partition.Do<MessagePage>(Messages("a", dead: true)).Messages);
        Assert.Equal("poison", TestPartition.Body(dead));
        Assert.Contains("3 attempts", dead.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rejected_message_waits_out_its_delay_and_is_a_dead_letter_after_its_attempts()
    {
        _partition.Do(_partition.Send("a", "1"));
        for (int attempt = 1; attempt <= 2; attempt++)
        {
            DeliveryGiven delivery = _partition.Take("a", attempts: 3)!;
            Assert.Equal(attempt, delivery.Messages[0].Attempts);
            Rejected rejected = _partition.Do<Rejected>(
                new RejectDelivery { Delivery = delivery.Delivery, DelayMs = 500 });
            Assert.Equal((1, 0), (rejected.Returned, rejected.DeadLettered));
            Assert.Null(_partition.Take("a"));
            _partition.Tick(500);
        }

        DeliveryGiven last = _partition.Take("a", attempts: 3)!;
        Assert.Equal(
            1,
            _partition.Do<Rejected>(
                new RejectDelivery { Delivery = last.Delivery, Reason = "no such order" }).DeadLettered);
        MessageView dead = Assert.Single(_partition.Do<MessagePage>(Messages("a", dead: true)).Messages);
        Assert.Contains("no such order", dead.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_dead_letter_can_be_tried_again_at_the_tail_or_discarded()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        DeliveryGiven first = _partition.Take("a")!;
        _partition.Do<Rejected>(new RejectDelivery { Delivery = first.Delivery, DeadLetter = true, Reason = "bad" });
        MessageId dead = first.Messages[0].Id;
        Assert.Equal(
            MessageStatus.Dead, _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, dead)).Status);
        _partition.Do<Done>(Settle("a", dead, retry: true));
        DeliveryGiven both = _partition.Take("a", max: 9)!;
        Assert.Equal(["2", "1"], both.Messages.Select(TestPartition.Body));
        _partition.Do<Rejected>(new RejectDelivery { Delivery = both.Delivery, DeadLetter = true });
        _partition.Do<Done>(Settle("a", dead, retry: false));
        _partition.Refuse(Settle("a", dead, retry: false), Refusal.MessageNotFound);
        Assert.Equal(
            MessageStatus.Finished, _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, dead)).Status);
    }

    [Fact]
    public void A_repeated_commit_is_answered_as_the_first_also_after_a_crash_and_another_one_is_refused()
    {
        _partition.Do(_partition.Send("a", "1"));
        var commit = new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            State = new StateChange([1], null),
            BodyHash = 42,
        };
        Committed first = _partition.Do<Committed>(commit);
        Assert.Equal((first.Revision, true), Repeat(commit));
        _partition.Crash();
        Assert.Equal((first.Revision, true), Repeat(commit));
        _partition.Refuse(commit with { BodyHash = 43 }, Refusal.DeliveryGone);
    }

    [Fact]
    public void A_waiting_receive_gets_the_message_the_moment_that_it_is_durable_and_nothing_when_its_wait_is_over()
    {
        object first = _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        object second = _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        _partition.Do(_partition.Send("a", "1"));
        Assert.IsType<DeliveryGiven>(_partition.Answers[first]);
        Assert.False(_partition.Answers.ContainsKey(second));
        _partition.Tick(5_000);
        Assert.IsType<NothingToDeliver>(_partition.Answers[second]);
    }

    [Fact]
    public void A_cancelled_receive_leaves_the_message_to_the_next()
    {
        object gone = _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        Assert.True(_partition.Machine.Cancel(gone));
        Assert.False(_partition.Machine.Cancel(gone));
        _partition.Do(_partition.Send("a", "1"));
        Assert.NotNull(_partition.Take("a"));
    }

    [Fact]
    public void A_send_repeated_with_its_key_is_accepted_once_and_with_another_body_refused()
    {
        var key = new IdempotencyKey(1, 2);
        MessageAccepted first = _partition.Do<MessageAccepted>(_partition.Send("a", "1", key: key));
        _partition.Crash();
        MessageAccepted again = _partition.Do<MessageAccepted>(_partition.Send("a", "1", key: key));
        Assert.Equal((first.Message, true), (again.Message, again.Repeated));
        _partition.Refuse(_partition.Send("a", "2", key: new IdempotencyKey(1, 3)), Refusal.IdempotencyMismatch);
        Assert.Equal(1, _partition.Do<NodeFound>(Node("a")).Node.Waiting);
        _partition.Tick(new MachineLimits().IdempotencyMsMax);
        Assert.False(_partition.Do<MessageAccepted>(_partition.Send("a", "1", key: key)).Repeated);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    [InlineData(1, true)]
    public void A_key_reused_in_the_instant_in_which_it_ends_counts_once(int lateMs, bool isNew)
    {
        SendMessage send = _partition.Send("a", "1", key: new IdempotencyKey(7, 8));
        MessageAccepted first = _partition.Do<MessageAccepted>(send);

        // Nothing has swept the old one away when the new one comes.
        _partition.NowMs += new MachineLimits().IdempotencyMsMax + lateMs;
        MessageAccepted second = _partition.Do<MessageAccepted>(send);
        MessageAccepted third = _partition.Do<MessageAccepted>(send);
        _partition.Tick(10);
        _partition.Crash();
        MessageAccepted fourth = _partition.Do<MessageAccepted>(send);

        Assert.Equal(isNew, second.Message != first.Message);
        Assert.Equal(!isNew, second.Repeated);
        Assert.True(third.Repeated);
        Assert.Equal(second.Message, third.Message);
        if (isNew)
        {
            Assert.Equal(second, fourth with { Repeated = second.Repeated, At = second.At });
        }
    }

    [Fact]
    public void Only_the_newest_idempotency_keys_are_remembered()
    {
        var partition = new TestPartition(new MachineLimits { IdempotencyKeysMax = 3 });
        for (int i = 1; i <= 4; i++)
        {
            partition.Do(partition.Send("a", $"{i}", key: new IdempotencyKey((UInt128)i, 0)));
        }

        Assert.True(partition.Do<MessageAccepted>(partition.Send("a", "2", key: new IdempotencyKey(2, 0))).Repeated);
        Assert.False(partition.Do<MessageAccepted>(partition.Send("a", "1", key: new IdempotencyKey(1, 0))).Repeated);
    }

    [Fact]
    public void A_full_mailbox_refuses_senders_from_outside_and_makes_dead_letters_of_a_flood_from_commits()
    {
        for (int i = 0; i < 2; i++)
        {
            _partition.Do<MessageAccepted>(_partition.Send("a", $"{i}", mailboxLimit: 2));
        }

        Assert.True(
            _partition.Refuse(_partition.Send("a", "x", mailboxLimit: 2), Refusal.MailboxFull).RetryAfterMs > 0);
        _partition.Do(_partition.Send("b", "go"));
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("b")!.Delivery,
            Sends = [.. Enumerable.Range(0, 30).Select(i => _partition.Outgoing("a", $"{i}", mailboxLimit: 2))],
        });
        NodeView node = _partition.Do<NodeFound>(Node("a")).Node;
        Assert.Equal((20, 12), (node.Waiting, node.Dead));
    }

    [Fact]
    public void A_purge_forgets_messages_and_dead_letters_keeps_state_and_loses_the_open_delivery()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        DeliveryGiven delivery = _partition.Take("a")!;
        _partition.Do<StateWritten>(new PutState
        {
            Service = TestPartition.Service,
            Node = new Utf8Name("a"),
            State = new StateChange([1], null),
        });
        Answer?[] answers = _partition.Do(
            _partition.Send("a", "3"), new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a") });
        Assert.Equal(3, Assert.IsType<Purged>(answers[1]).Waiting);
        _partition.Refuse(new CommitDelivery { Delivery = delivery.Delivery }, Refusal.DeliveryGone);
        NodeView node = _partition.Do<NodeFound>(Node("a")).Node;
        Assert.Equal((0, 1), (node.Waiting, node.StateBytes));
        Assert.Equal(0, _partition.Machine.Statistics.Messages);
    }

    [Fact]
    public void A_node_that_holds_nothing_costs_nothing()
    {
        _partition.Do(_partition.Send("a", "1"));
        Commit(_partition.Take("a")!);
        Assert.Equal((0, 0), (_partition.Machine.Statistics.Nodes, _partition.Machine.Statistics.Bytes));
        _partition.Refuse(Node("a"), Refusal.NotFound);
    }

    [Trait("Rule", "3")]
    [Fact]
    public void A_refused_record_leaves_leases_messages_and_state_as_they_were()
    {
        _partition.Do(_partition.Send("a", "1"));
        DeliveryGiven delivery = _partition.Take("a")!;
        byte[] before = TestPartition.StateOf(_partition.Machine);
        Answer?[] answers = _partition.DoButDrop(
            new CommitDelivery { Delivery = delivery.Delivery, State = new StateChange([1], null) },
            _partition.Send("a", "2"), Node("a"));
        Assert.Equal(Refusal.NotStored, Assert.IsType<Refused>(answers[0]).Code);
        Assert.Equal(Refusal.NotStored, Assert.IsType<Refused>(answers[1]).Code);
        Assert.Equal(1, Assert.IsType<NodeFound>(answers[2]).Node.Delivered);
        Assert.Equal(before, TestPartition.StateOf(_partition.Machine));
        Commit(delivery);
    }

    [Fact]
    public void A_repeat_in_a_refused_record_is_answered_as_the_first_was_and_its_first_in_the_same_record_is_not()
    {
        PutKey put = _partition.Put("k", "v", id: new CommandId(1L << 30, 1));
        SendMessage send = _partition.Send("a", "1", key: new IdempotencyKey(5, 6));
        var written = Assert.IsType<KeyWritten>(_partition.Do(put));
        var accepted = Assert.IsType<MessageAccepted>(_partition.Do(send));
        var commit = new CommitDelivery { Delivery = _partition.Take("a")!.Delivery, BodyHash = 7 };
        var committed = Assert.IsType<Committed>(_partition.Do(commit));
        PutKey next = _partition.Put("k", "w", id: new CommandId(1L << 30, 2));
        SendMessage fresh = _partition.Send("a", "2", key: new IdempotencyKey(8, 9));

        Answer?[] answers = _partition.DoButDrop(put, send, commit, next, next, fresh, fresh);
        Assert.Equal(written.Version, Assert.IsType<KeyWritten>(answers[0]).Version);
        Assert.Equal(
            (accepted.Message, true),
            (((MessageAccepted)answers[1]!).Message, ((MessageAccepted)answers[1]!).Repeated));
        Assert.Equal(
            (committed.Revision, true), (((Committed)answers[2]!).Revision, ((Committed)answers[2]!).Repeated));
        Assert.All(answers[3..], a => Assert.Equal(Refusal.NotStored, Assert.IsType<Refused>(a).Code));
    }

    [Fact]
    public void In_a_full_partition_a_commit_passes_that_brings_no_more_than_it_takes_away()
    {
        var partition = new TestPartition(new MachineLimits { PartitionBytesMax = 1_700 });
        for (int i = 0; i < 4; i++)
        {
            partition.Do<MessageAccepted>(partition.Send("a", "12345678"));
        }

        partition.Refuse(partition.Send("a", "x"), Refusal.PartitionFull);
        DeliveryGiven given = partition.Take("a")!;
        OutgoingMessage more = partition.Outgoing("b", "twice as long and more", new PartitionId(9));
        Refused refused = partition.Refuse(
            new CommitDelivery { Delivery = given.Delivery, Sends = [more, more] }, Refusal.PartitionFull);
        Assert.Contains("more are asked for", refused.Detail, StringComparison.Ordinal);
        partition.Do<Committed>(new CommitDelivery
        {
            Delivery = given.Delivery, Sends = [partition.Outgoing("b", "", new PartitionId(9))],
        });
    }

    [Fact]
    public void A_deleted_service_forgets_its_nodes_and_takes_no_more_messages()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("b", "1"));
        while (_partition.Do<Dropped>(new DropService(TestPartition.Service)).Remaining)
        {
        }

        Assert.Equal((0, 0), (_partition.Machine.Statistics.Nodes, _partition.Machine.Statistics.Messages));
        _partition.Refuse(_partition.Send("a", "2"), Refusal.ServiceDeleted);
    }

    private (Revision Revision, bool Repeated) Repeat(CommitDelivery commit)
    {
        Committed repeat = _partition.Do<Committed>(commit);
        return (repeat.Revision, repeat.Repeated);
    }

    private void Commit(DeliveryGiven delivery) =>
        _partition.Do<Committed>(new CommitDelivery { Delivery = delivery.Delivery });

    private static GetNode Node(string node) =>
        new() { Service = TestPartition.Service, Node = new Utf8Name(node), WithState = true };

    private static ListMessages Messages(string node, bool dead) =>
        new() { Service = TestPartition.Service, Node = new Utf8Name(node), Dead = dead, Limit = 100 };

    private static SettleDeadLetter Settle(string node, MessageId message, bool retry) =>
        new() { Service = TestPartition.Service, Node = new Utf8Name(node), Message = message, Retry = retry };
}
