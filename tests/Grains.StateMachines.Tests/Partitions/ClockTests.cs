using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>
/// Calendar times follow the owner's wall clock, durations its monotonic one; record time decides nothing.
/// </summary>
public sealed class ClockTests
{
    private const long _hourMs = 3_600_000;

    private readonly TestPartition _partition = new() { NowMs = 10_000_000 };

    private long WallMs => _partition.Now.WallMs;

    [Trait("Rule", "11")]
    [Theory]
    [InlineData(_hourMs)]
    [InlineData(48 * _hourMs)]
    public void A_wall_clock_that_jumps_ahead_fires_what_has_a_time_and_ends_no_duration(long jumpMs)
    {
        var key = new IdempotencyKey(1, 2);
        _partition.Do(_partition.Put("key", "v", ttlMs: 60_000), _partition.Send("ttl", "x") with { TtlMs = 60_000 });
        _partition.Do(
            _partition.Send("later", "x") with { Due = new Due(60_000, 0) },
            _partition.Timer("ring", "t", null, delayMs: 60_000));
        MessageId first = _partition.Do<MessageAccepted>(_partition.Send("once", "x", key: key)).Message;
        _partition.Do(
            _partition.Send("at", "x") with { Due = new Due(0, WallMs + (jumpMs / 2)) },
            At("alarm", WallMs + (jumpMs / 2)));
        _partition.Do(
            _partition.Timer("cron", "t", $"{_hourMs / 2}"), _partition.Send("out", "x"), _partition.Send("held", "x"));
        DeliveryGiven given = _partition.Take("out", leaseMs: 60_000)!;
        _partition.Do<Rejected>(new RejectDelivery { Delivery = _partition.Take("held")!.Delivery, DelayMs = 60_000 });

        _partition.StepMs += jumpMs;
        Assert.True(_partition.IsDue);
        _partition.Tick(0);
        Assert.Equal((1, 1, 1), (Waiting("at"), Waiting("alarm"), Waiting("cron")));
        Assert.Equal((0, 0), (Waiting("later"), Waiting("ring")));
        Assert.Equal("v", _partition.Value("key"));
        Assert.Equal(1, Waiting("ttl"));
        Assert.Null(_partition.Take("held"));
        Assert.IsType<Renewed>(_partition.Do(new RenewDelivery(given.Delivery, 60_000)));
        Assert.Equal(first, _partition.Do<MessageAccepted>(_partition.Send("once", "x", key: key)).Message);

        _partition.Tick(60_000);
        Assert.Equal((1, 1), (Waiting("later"), Waiting("ring")));
        Assert.Null(_partition.Value("key"));
        _partition.Refuse(
            new GetNode { Service = TestPartition.Service, Node = new Utf8Name("ttl") }, Refusal.NotFound);
        Assert.NotNull(_partition.Take("held"));
        _partition.Refuse(new RenewDelivery(given.Delivery, 60_000), Refusal.DeliveryGone);
    }

    [Fact]
    public void A_wall_clock_that_was_set_back_fires_nothing_early_and_recurring_timers_follow_it()
    {
        _partition.StepMs = 48 * _hourMs;
        _partition.Do(
            _partition.Timer("second", "t", "1000"), _partition.Timer("hour", "t", $"{_hourMs}"),
            _partition.Send("x", "x"));
        _partition.StepMs = 0;
        long atMs = WallMs + 600_000;
        _partition.Do(_partition.Send("at", "x") with { Due = new Due(0, atMs) }, At("alarm", atMs));
        Assert.Equal((0, 0, 0), (Waiting("at"), Waiting("alarm"), Waiting("hour")));
        Assert.Equal(WallMs + 1_000, Timer("second").DueMs);
        Assert.Equal(3 * _hourMs, Timer("hour").DueMs);
        _partition.Tick(1_000);
        Assert.Equal(1, Waiting("second"));
        _partition.Tick(598_999);
        Assert.Equal((0, 0), (Waiting("at"), Waiting("alarm")));
        _partition.Tick(1);
        Assert.Equal((1, 1), (Waiting("at"), Waiting("alarm")));
    }

    [Fact]
    public void That_the_wall_clock_was_set_back_is_noticed_without_any_command()
    {
        _partition.Do(_partition.Timer("second", "t", "1000"));
        _partition.Tick(1_000);
        _partition.StepMs -= _hourMs;
        _partition.Machine.WakeAt(_partition.Now, out bool followsWallClock);
        Assert.True(followsWallClock);
        Assert.True(_partition.IsDue);
        _partition.Tick(0);
        Assert.False(_partition.IsDue);
        Assert.Equal(_partition.NowMs + 1_000, _partition.WakeAtMs);
    }

    [Fact]
    public void A_few_seconds_back_no_timer_fires_twice_for_a_time()
    {
        _partition.Do(_partition.Timer("a", "t", "60000"));
        _partition.Tick(20_000);
        Assert.Equal("1970-01-01T02:47:00.000Z", TakeDue("a"));
        _partition.StepMs = -5_000;
        for (int i = 0; i < 20; i++)
        {
            _partition.Tick(1_000);
        }

        _partition.Crash();
        _partition.Tick(0);
        Assert.Null(_partition.Take("a"));
        _partition.Tick(45_000);
        Assert.Equal("1970-01-01T02:48:00.000Z", TakeDue("a"));
    }

    [Trait("Rule", "11")]
    [Theory]
    [InlineData(-_hourMs, false)]
    [InlineData(48 * _hourMs, false)]
    [InlineData(-_hourMs, true)]
    [InlineData(48 * _hourMs, true)]
    public void An_owner_with_a_wrong_clock_ends_no_duration_early_and_the_next_delays_nothing(
        long offMs, bool inGoodOrder)
    {
        _partition.Do(
            _partition.Put("key", "v", ttlMs: 10_000), _partition.Send("later", "x") with { Due = new Due(10_000, 0) });
        long atMs = WallMs + 30_000;
        _partition.Do(
            _partition.Send("at", "x") with { Due = new Due(0, atMs) }, _partition.Timer("cron", "t", "1000"));
        _partition.Tick(4_000);
        Change(offMs, inGoodOrder);
        _partition.Do(_partition.Put("more", "v", ttlMs: 10_000));
        Assert.Equal("v", _partition.Value("key"));
        Change(0, inGoodOrder);
        Assert.Equal("v", _partition.Value("more"));
        Assert.True(_partition.Machine.LastRecordTimeMs >= WallMs);
        _partition.Take("cron");
        _partition.Do(
            _partition.Put("again", "v", ttlMs: 1_000),
            _partition.Send("soon", "x") with { Due = new Due(0, WallMs + 1_000) });
        Assert.Equal(WallMs + 1_000, _partition.Do<KeyFound>(_partition.Get("again")).Entry.ExpiresAtMs);
        Assert.Equal(0, Waiting("soon"));
        _partition.Tick(1_000);
        Assert.Equal(1, Waiting("soon"));
        Assert.Null(_partition.Value("again"));
        _partition.Tick(9_000);
        Assert.Equal(1, Waiting("later"));
        Assert.Null(_partition.Value("key"));
        Assert.Null(_partition.Value("more"));
        Assert.Equal(Rebuilt(), TestPartition.StateOf(_partition.Machine));
    }

    [Fact]
    public void Times_that_are_told_are_those_of_the_wall_clock()
    {
        _partition.StepMs = 48 * _hourMs;
        _partition.Do(_partition.Put("key", "v"));
        _partition.StepMs = 7_000;
        MessageId id = _partition.Do<MessageAccepted>(
            _partition.Send("a", "x") with { Due = new Due(5_000, 0), TtlMs = 9_000 }).Message;
        _partition.Do(At("a", WallMs + 6_000));
        MessageView view = _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, id)).Message!;
        Assert.Equal(
            (WallMs, WallMs + 5_000, WallMs + 14_000),
            (view.AcceptedAtMs, view.DueMs, view.Content.Metadata!.ExpiresAtMs));
        _partition.Tick(5_000);
        DeliveryGiven given = _partition.Take("a", leaseMs: 8_000)!;
        Assert.Equal(WallMs + 9_000, given.Messages[0].Content.Metadata!.ExpiresAtMs);
        NodeExplained explained = _partition.Do<NodeExplained>(
            new ExplainNode { Service = TestPartition.Service, Node = new Utf8Name("a") });
        Assert.Equal((WallMs + 8_000, WallMs + 1_000), (explained.LeaseEndsMs, explained.NextTimerMs));
    }

    [Fact]
    public void A_message_for_a_time_lives_from_then_on()
    {
        _partition.Do(_partition.Send("a", "x") with { Due = new Due(0, WallMs + 5_000), TtlMs = 1_000 });
        _partition.StepMs += _hourMs;
        _partition.Tick(500);
        _partition.Tick(999);
        Assert.Equal(1, Waiting("a"));
        _partition.Tick(1);
        Assert.Equal(1, _partition.Machine.Statistics.Expired);
        Assert.Equal(Rebuilt(), TestPartition.StateOf(_partition.Machine));
    }

    [Fact]
    public void What_goes_to_another_partition_keeps_what_is_left_of_its_durations()
    {
        // Both partitions have lived long, and been without an owner for different times; their servers agree on the
        // time.
        const long gapMs = 300_000;
        var other = new TestPartition(id: 9) { NowMs = _partition.NowMs + gapMs, StepMs = -gapMs };
        _partition.Do(_partition.Send("a", "go"));
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            Sends =
            [
                _partition.Outgoing("delayed", "x", other.Id) with { Due = new Due(10_000, 0), TtlMs = 5_000 },
                _partition.Outgoing("at", "x", other.Id) with { Due = new Due(0, WallMs + 10_000), TtlMs = 5_000 },
                _partition.Outgoing("ttl", "x", other.Id) with { TtlMs = 10_000 },
            ],
        });
        _partition.Checkpoint();
        _partition.Tick(4_000);
        other.Tick(4_000);
        OutboxEntry[] entries = _partition.Machine.ReadOutbox(other.Id, 10, 1 << 20, _partition.Now);
        other.Do<TransferAccepted>(
            new AcceptTransfer { Source = _partition.Id, SourceIncarnation = 0, Entries = entries });
        Assert.Equal((0, 0, 1), (Of(other, "delayed").Waiting, Of(other, "at").Waiting, Of(other, "ttl").Waiting));
        other.Tick(5_999);
        Assert.Equal((0, 0, 1), (Of(other, "delayed").Waiting, Of(other, "at").Waiting, Of(other, "ttl").Waiting));
        other.Tick(1);
        Assert.Equal(
            (1, 1, 1), (Of(other, "delayed").Waiting, Of(other, "at").Waiting, other.Machine.Statistics.Expired));
        other.Tick(4_999);
        Assert.Equal(2, other.Machine.Statistics.Messages);
        other.Tick(1);
        Assert.Equal(0, other.Machine.Statistics.Messages);
    }

    [Fact]
    public void Crashes_do_not_add_up()
    {
        var partition = new TestPartition { CrashesLoseUptime = true };
        partition.Do(partition.Put("key", "v", ttlMs: 100_000));
        long begunMs = partition.NowMs;
        while (partition.Value("key") is not null)
        {
            // Nothing else is written, and every 30 s the owner dies.
            for (int i = 0; i < 30; i++)
            {
                partition.Tick(1_000);
            }

            partition.Crash();
            Assert.InRange(partition.NowMs - begunMs, 0, 250_000);
        }

        Assert.InRange(partition.NowMs - begunMs, 100_000, 250_000);
    }

    [Fact]
    public void What_nobody_waits_for_writes_nothing()
    {
        _partition.Do(
            _partition.Put("key", "v", ttlMs: 100),
            _partition.Send("at", "x") with { Due = new Due(0, WallMs + (10 * _hourMs)) });
        _partition.Tick(100);
        Revision before = _partition.Machine.Revision;
        _partition.Tick(_hourMs);
        _partition.Tick(_hourMs);
        Assert.Equal(before, _partition.Machine.Revision);
    }

    [Fact]
    public void A_promised_reply_is_kept_for_its_time_whatever_the_wall_clock_does()
    {
        MessageId asked = _partition.Do<MessageAccepted>(_partition.Send("a", "x")).Message;
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            Replies = [new OutgoingReply(asked, TestPartition.Content("yes"))], BodyHash = 3,
        });
        _partition.StepMs = 48 * _hourMs;
        _partition.Do(_partition.Put("key", "v"));
        Assert.Equal(ReplyStatus.Replied, Reply());
        _partition.StepMs = -_hourMs;
        _partition.NowMs += 600_000;
        _partition.Do(_partition.Put("key", "w"));
        Assert.Equal(ReplyStatus.Finished, Reply());

        ReplyStatus Reply() => _partition.Do<ReplyFound>(new GetReply(TestPartition.Service, asked)).Status;
    }

    private void Change(long stepMs, bool inGoodOrder)
    {
        if (inGoodOrder)
        {
            _partition.WriteHandOver();
        }

        _partition.StepMs = stepMs;
        _partition.Crash();
        _partition.Tick(0);
    }

    private byte[] Rebuilt() => TestPartition.StateOf(_partition.Rebuild(fromCheckpoint: true));

    private ChangeTimer At(string node, long atMs)
    {
        ChangeTimer timer = _partition.Timer(node, "at", null);
        return timer with { Timer = timer.Timer with { Due = new Due(0, atMs) } };
    }

    private TimerView Timer(string node) =>
        _partition.Do<TimersFound>(
            new ListTimers { Service = TestPartition.Service, Node = new Utf8Name(node) }).Timers.Single();

    private string? TakeDue(string node)
    {
        DeliveryGiven given = _partition.Take(node)!;
        _partition.Do<Committed>(
            new CommitDelivery { Delivery = given.Delivery, BodyHash = (UInt128)given.Token.Value });
        return given.Messages.Single().Content.Headers.Single(h => h.Name == TimerView.DueHeader).Value;
    }

    private int Waiting(string node) => Of(_partition, node).Waiting;

    private static NodeView Of(TestPartition partition, string node) =>
        partition.Do<NodeFound>(new GetNode { Service = TestPartition.Service, Node = new Utf8Name(node) }).Node;
}
