using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Tests.Partitions;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Timers;

/// <summary>Nodes that are sent something at a time. The schedule "1000" names every full second.</summary>
public sealed class TimerTests
{
    private readonly TestPartition _partition = new();

    [Fact]
    public void A_timer_sends_its_message_at_each_of_its_times_with_its_name_and_that_time()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000", "tick"));
        Assert.Equal(1_001_000, _partition.WakeAtMs);
        _partition.Tick(999);
        Assert.Null(_partition.Take("a"));
        _partition.Tick(1);
        DeliveryGiven first = _partition.Take("a")!;
        Assert.Equal("tick", TestPartition.Body(first.Messages[0]));
        Assert.Equal(
            [new MessageHeader("grains-timer", "clock"), new MessageHeader("grains-timer-due", "1970-01-01T00:16:41.000Z")],
            first.Messages[0].Content.Headers);
        Commit(first);
        _partition.Tick(1_000);
        Assert.NotNull(_partition.Take("a"));
    }

    [Fact]
    public void Times_that_were_missed_are_one()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.NowMs += 10_500;
        _partition.Crash();
        _partition.Tick(0);
        Assert.Equal(1, Node("a").Waiting);
        Assert.Equal(1_011_000, _partition.WakeAtMs);
    }

    [Fact]
    public void A_timer_whose_last_message_is_not_handled_sends_no_other()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.Tick(1_000);
        DeliveryGiven out1 = _partition.Take("a", leaseMs: 60_000)!;
        _partition.Tick(1_000);
        Assert.Equal(1, Node("a").Waiting);
        Assert.Equal(out1.Messages[0].Id, Timers("a")[0].Pending);
        Commit(out1);
        Assert.Null(Timers("a")[0].Pending);
        _partition.Tick(1_000);
        Assert.NotNull(_partition.Take("a"));
    }

    [Fact]
    public void A_dead_letter_of_a_timer_does_not_stop_it()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.Tick(1_000);
        _partition.Do<Rejected>(new RejectDelivery { Delivery = _partition.Take("a")!.Delivery, DeadLetter = true });
        _partition.Tick(1_000);
        Assert.Equal((1, 1), (Node("a").Waiting, Node("a").Dead));
    }

    [Fact]
    public void A_timer_without_a_schedule_fires_once_and_is_gone()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "alarm", cron: null, "ring", delayMs: 2_000));
        _partition.Tick(2_000);
        Commit(_partition.Take("a")!);
        _partition.Refuse(List("a"), Refusal.NotFound);
        Assert.Null(_partition.WakeAtMs);
    }

    [Fact]
    public void A_timer_replaces_the_one_of_its_name_and_is_removed_by_it()
    {
        Assert.True(_partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000", "old")).Created);
        Assert.False(_partition.Do<TimerChanged>(_partition.Timer("a", "clock", "3000", "new")).Created);
        _partition.Tick(1_000);
        Assert.Null(_partition.Take("a"));
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", null, body: null));
        _partition.Refuse(_partition.Timer("a", "clock", null, body: null), Refusal.NotFound);
        _partition.Refuse(List("a"), Refusal.NotFound);
        Assert.Equal(0, _partition.Machine.StateBytes);
    }

    [Fact]
    public void A_commit_sets_and_removes_timers_of_its_node_in_its_record()
    {
        _partition.Do(_partition.Send("a", "go"));
        Commit(_partition.Take("a")!, TestPartition.Change("x", "1000"), TestPartition.Change("y", null, delayMs: 500));
        Assert.Equal(["x", "y"], Timers("a").Select(t => t.Name.ToString()));
        Assert.Equal(2, Node("a").Timers);
        _partition.Tick(500);
        Commit(
            _partition.Take("a")!, TestPartition.Change("x", null, body: null),
            TestPartition.Change("none", null, body: null));
        _partition.Refuse(List("a"), Refusal.NotFound);
    }

    [Fact]
    public void A_commit_that_the_journal_refused_set_no_timer()
    {
        _partition.Do(_partition.Send("a", "go"));
        DeliveryGiven given = _partition.Take("a")!;
        _partition.DoButDrop(
            new CommitDelivery { Delivery = given.Delivery, Timers = [TestPartition.Change("x", "1000")] });
        Assert.Empty(Timers("a"));
    }

    [Fact]
    public void Timers_that_cannot_be_are_refused_and_nothing_is_committed()
    {
        _partition.Do(_partition.Send("a", "go"));
        DeliveryGiven given = _partition.Take("a")!;
        foreach (TimerChange[] bad in new TimerChange[][]
        {
            [TestPartition.Change("x", "1000"), TestPartition.Change("x", "2000")],
            [TestPartition.Change("x", "1000", new string('x', (64 << 10) + 1))],
            [.. Enumerable.Range(0, 101).Select(i => TestPartition.Change($"t{i}", "1000"))],
        })
        {
            _partition.Refuse(new CommitDelivery { Delivery = given.Delivery, Timers = bad }, Refusal.LimitExceeded);
        }

        foreach (string cron in new[] { "never", "what is this" })
        {
            _partition.Refuse(
                new CommitDelivery { Delivery = given.Delivery, Timers = [TestPartition.Change("x", cron)] },
                Refusal.BadSchedule);
        }

        Assert.Equal((1, 0), (Node("a").Waiting, Node("a").Timers));
    }

    [Fact]
    public void A_timer_that_is_set_anew_still_waits_for_its_last_message()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000", "old"));
        _partition.Tick(1_000);
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000", "new"));
        _partition.Tick(1_000);
        Assert.Equal(1, Node("a").Waiting);
        Commit(_partition.Take("a")!);
        _partition.Tick(1_000);
        Assert.Equal("new", TestPartition.Body(_partition.Take("a")!.Messages[0]));
    }

    [Fact]
    public void A_timer_is_not_set_at_a_node_whose_mailbox_is_full()
    {
        _partition.Do(_partition.Send("a", "1"), _partition.Send("a", "2"));
        _partition.Refuse(_partition.Timer("a", "clock", "1000") with { MailboxLimit = 2 }, Refusal.MailboxFull);
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000") with { MailboxLimit = 3 });
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", null, body: null) with { MailboxLimit = 2 });
    }

    [Fact]
    public void In_a_partition_over_its_budget_timers_wait_for_room_and_setting_one_anew_is_no_growth()
    {
        var partition = new TestPartition(new MachineLimits { PartitionBytesMax = 1_500 });
        partition.Do<TimerChanged>(partition.Timer("a", "clock", "1000"));
        partition.Do(partition.Send("a", "x"), partition.Send("b", "x"));
        partition.Tick(1_000);
        Assert.Equal((2, 1), (partition.Machine.Statistics.Messages, partition.Machine.Statistics.TimersWithoutRoom));
        Assert.Null(partition.WakeAtMs);
        Assert.Contains(
            "over its budget", partition.Do<TimersFound>(List("a")).Timers[0].Trouble, StringComparison.Ordinal);
        partition.Do<TimerChanged>(partition.Timer("a", "clock", "2000"));
        partition.Do<Committed>(new CommitDelivery
        {
            Delivery = partition.Take("a")!.Delivery, Timers = [TestPartition.Change("clock", "3000")], BodyHash = 1,
        });
        partition.Do<Committed>(new CommitDelivery { Delivery = partition.Take("b")!.Delivery, BodyHash = 2 });
        partition.Tick(3_000);
        Assert.Equal(1, partition.Machine.Statistics.Messages);
    }

    [Fact]
    public void The_hundred_and_first_timer_of_a_node_is_refused_and_one_of_them_may_be_replaced()
    {
        for (int i = 0; i < 100; i++)
        {
            _partition.Do<TimerChanged>(_partition.Timer("a", $"t{i}", "1000"));
        }

        _partition.Refuse(_partition.Timer("a", "more", "1000"), Refusal.LimitExceeded);
        _partition.Do<TimerChanged>(_partition.Timer("a", "t7", "2000"));
    }

    [Fact]
    public void A_timer_that_a_server_cannot_read_any_more_keeps_its_time_says_so_once_and_fires_when_it_can()
    {
        // The zone was known where it was set, and is not here, for a while.
        long Forgetful(string cron, string? zone, long afterMs) =>
            afterMs is > 1_000_500 and < 1_100_000 ? TimerTimes.NotKnown : afterMs + 1_000;
        var machine = new PartitionMachine(new PartitionId(1), new MachineLimits(), Forgetful);
        machine.ReplayEpoch(new Revision(1), new Epoch(1), 0, 1_000_000);
        machine.Open();
        machine.Decide([new Request(_partition.Timer("a", "clock", "x"), 1)], Moment.At(1_000_000));
        machine.Commit();
        for (long nowMs = 1_001_000; nowMs < 1_100_000; nowMs += 60_000)
        {
            Assert.Equal(0, machine.Decide([], Moment.At(nowMs)).Changes);
            machine.Commit();
            Assert.Equal(nowMs + 60_000, machine.WakeAt(Moment.At(nowMs), out _));
        }

        Assert.Equal((0, 1), (machine.Statistics.Messages, machine.Statistics.TimersUnreadable));
        Assert.Equal("clock", Assert.Single(machine.TakeTimerTroubles()).Timer.ToString());
        machine.Decide(
            [new Request(List("a"), 2), new Request(new ExplainNode { Service = TestPartition.Service, Node = new Utf8Name("a") }, 3)],
            Moment.At(1_061_001));
        IReadOnlyList<Reply> replies = machine.Commit();
        TimerView view = Assert.IsType<TimersFound>(replies[0].Answer).Timers[0];
        Assert.Equal(1_001_000, view.DueMs);
        Assert.Contains("no rules of that zone", view.Trouble, StringComparison.Ordinal);
        Assert.Contains(
            "Timer 'clock' does not fire", Assert.IsType<NodeExplained>(replies[1].Answer).TimerTrouble,
            StringComparison.Ordinal);

        machine.Decide([], Moment.At(1_121_000));
        machine.Commit();
        Assert.Equal((1, 0), (machine.Statistics.Messages, machine.Statistics.TimersUnreadable));
        Assert.Empty(machine.TakeTimerTroubles());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_that_fires_once_comes_after_the_message_of_its_name_that_waits_or_is_leased(bool ownersChange)
    {
        foreach (string node in new[] { "a", "b" })
        {
            _partition.Do<TimerChanged>(_partition.Timer(node, "t", "1000"));
        }

        _partition.Tick(1_000);
        DeliveryGiven given = _partition.Take("b", leaseMs: 600_000)!;
        foreach (string node in new[] { "a", "b" })
        {
            _partition.Do<TimerChanged>(_partition.Timer(node, "t", null, "once", delayMs: 500));
        }

        for (int i = 0; i < 3; i++)
        {
            _partition.Tick(1_000);
            _partition.Checkpoint();
            Assert.Equal(
                TestPartition.StateOf(_partition.Machine),
                TestPartition.StateOf(_partition.Rebuild(fromCheckpoint: true)));
            Assert.Equal(
                TestPartition.StateOf(_partition.Machine),
                TestPartition.StateOf(_partition.Rebuild(fromCheckpoint: false)));
            if (ownersChange)
            {
                _partition.HandOver();
            }
        }

        Assert.Equal((1, 1), (Node("a").Waiting, Node("b").Waiting));
        Assert.Equal("tick", TestPartition.Body(_partition.Take("a")!.Messages[0]));
        _partition.Do<Purged>(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a") });
        Commit(given);
        _partition.Tick(1_000);
        foreach (string node in new[] { "a", "b" })
        {
            Assert.Equal("once", TestPartition.Body(Assert.Single(_partition.Take(node)!.Messages)));
            Assert.Equal(0, Node(node).Timers);
        }
    }

    [Fact]
    public void A_held_timer_says_what_it_waits_for_comes_after_a_dead_letter_and_can_be_set_anew()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "t", "1000"));
        _partition.Tick(1_000);
        _partition.Do<TimerChanged>(_partition.Timer("a", "t", null, "once", delayMs: 500));
        _partition.Tick(500);
        Assert.Equal(1, _partition.Machine.Statistics.TimersHeld);
        Assert.Contains("of its last firing", Timers("a")[0].Trouble, StringComparison.Ordinal);
        Assert.Null(_partition.WakeAtMs);
        _partition.Do<TimerChanged>(_partition.Timer("a", "t", null, "later", delayMs: 5_000));
        Assert.Equal(0, _partition.Machine.Statistics.TimersHeld);
        _partition.Tick(5_000);
        Assert.Equal(1, _partition.Machine.Statistics.TimersHeld);
        _partition.Do<Rejected>(new RejectDelivery { Delivery = _partition.Take("a")!.Delivery, DeadLetter = true });
        _partition.Tick(0);
        Assert.Equal("later", TestPartition.Body(_partition.Take("a")!.Messages[0]));
    }

    [Fact]
    public void Timers_that_fire_once_come_when_there_is_room_also_those_of_commits_and_under_another_owner()
    {
        var partition = new TestPartition(new MachineLimits { PartitionBytesMax = 4_000 });
        partition.Do(partition.Send("a", "go"));
        partition.Do<Committed>(new CommitDelivery
        {
            Delivery = partition.Take("a")!.Delivery,
            Timers =
            [
                TestPartition.Change("x", null, "x", delayMs: 500), TestPartition.Change("y", null, "y", delayMs: 700)
            ],
            BodyHash = 1,
        });
        partition.Do<TimerChanged>(partition.Timer("a", "z", "1000", "z"));
        var state = new PutState
        {
            Service = TestPartition.Service, Node = new Utf8Name("full"), State = new StateChange(new byte[3_000], null)
        };
        partition.Do<StateWritten>(state);
        partition.Tick(2_500);
        partition.Crash();
        partition.Tick(0);
        Assert.Equal((0, 3), (partition.Machine.Statistics.Messages, partition.Machine.Statistics.TimersWithoutRoom));
        partition.Do<StateWritten>(state with { State = new StateChange(null, null) });
        partition.Tick(0);
        Assert.Equal(["x", "y", "z"], partition.Take("a", max: 10)!.Messages.Select(TestPartition.Body).Order());
        Assert.Equal(1_003_000, partition.Do<TimersFound>(List("a")).Timers.Single().DueMs);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Timers_survive_a_crash_a_hand_over_and_a_purge_of_messages(bool checkpoint)
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.Tick(1_000);
        if (checkpoint)
        {
            _partition.Checkpoint();
        }

        _partition.Do<Purged>(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a") });
        Assert.Equal(TestPartition.StateOf(_partition.Machine), TestPartition.StateOf(_partition.Rebuild(checkpoint)));
        _partition.Crash();
        _partition.HandOver();
        Assert.Equal((0, 1), (Node("a").Waiting, Node("a").Timers));
        _partition.Tick(1_000);
        Assert.Equal(1, Node("a").Waiting);
    }

    [Fact]
    public void Who_deletes_the_node_or_the_service_deletes_its_timers()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.Do<Purged>(
            new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a"), WithState = true });
        _partition.Do<TimerChanged>(_partition.Timer("b", "clock", "1000"));
        _partition.Do<Dropped>(new DropService(TestPartition.Service));
        _partition.Refuse(_partition.Timer("c", "clock", "1000"), Refusal.ServiceDeleted);
        Assert.Null(_partition.WakeAtMs);
        Assert.Equal((0, 0L), (_partition.Machine.Statistics.Nodes, _partition.Machine.StateBytes));
    }

    [Fact]
    public void A_repeat_of_a_change_is_answered_as_the_first_was()
    {
        ChangeTimer change = _partition.Timer("a", "clock", "1000") with { Id = new CommandId(1L << 30, 1) };
        TimerChanged first = _partition.Do<TimerChanged>(change);
        Assert.Equal(first with { At = default }, _partition.Do<TimerChanged>(change) with { At = default });
    }

    private void Commit(DeliveryGiven given, params TimerChange[] timers) =>
        _partition.Do<Committed>(
            new CommitDelivery { Delivery = given.Delivery, Timers = timers, BodyHash = (UInt128)given.Token.Value });

    private NodeView Node(string node) =>
        _partition.Do<NodeFound>(new GetNode { Service = TestPartition.Service, Node = new Utf8Name(node) }).Node;

    private static ListTimers List(string node) => new() { Service = TestPartition.Service, Node = new Utf8Name(node) };

    private TimerView[] Timers(string node) => _partition.Do<TimersFound>(List(node)).Timers;
}
