using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>What goes on as another history: what it never gave out, and what waits for a person.</summary>
public sealed class RestoredCopyTests
{
    private readonly TestPartition _partition = new();

    [Theory]
    [InlineData(1)]
    [InlineData(4711)]
    [InlineData(1L << 32)]
    public void An_id_of_the_lost_end_was_never_accepted_here(long after)
    {
        _partition.Do(_partition.Put("k", "v"));
        Revision end = _partition.Machine.Revision;
        Assert.NotEqual(0, end.Value);
        _partition.Fork();
        MessageId lost = new(_partition.Id, new Revision(end.Value + after), 0);

        _partition.Refuse(new GetMessage(TestPartition.Service, lost), Refusal.MessageNotFound);
        _partition.Refuse(new GetReply(TestPartition.Service, lost), Refusal.MessageNotFound);
    }

    [Fact]
    public void What_was_finished_before_and_after_the_fork_stays_finished()
    {
        Handle("a");
        MessageId before = new(_partition.Id, _partition.Machine.Revision, 0);
        _partition.Fork();
        _partition.Do(_partition.Put("k", "v"));
        MessageId after = new(_partition.Id, _partition.Machine.Revision, 0);

        foreach (MessageId id in new[] { before, after })
        {
            Assert.Equal(
                MessageStatus.Finished, _partition.Do<MessageFound>(new GetMessage(TestPartition.Service, id)).Status);
        }
    }

    [Fact]
    public void A_checkpoint_keeps_what_was_lost_in_each_restore()
    {
        Revision first = _partition.Machine.Revision.Next;
        _partition.Fork();
        Revision second = _partition.Machine.Revision.Next;
        _partition.Fork();
        _partition.Checkpoint();
        _partition.Crash();

        foreach (Revision lost in new[] { first, second })
        {
            _partition.Refuse(
                new GetMessage(TestPartition.Service, new MessageId(_partition.Id, lost, 0)), Refusal.MessageNotFound);
        }
    }

    [Fact]
    public void A_paused_partition_fires_no_timer_and_afterwards_one_for_all_its_times()
    {
        _partition.Do<TimerChanged>(_partition.Timer("a", "clock", "1000"));
        _partition.Machine.IsPaused = true;
        Assert.Null(_partition.WakeAtMs);
        _partition.Tick(10_500);
        Assert.Null(_partition.Take("a"));

        _partition.Machine.IsPaused = false;
        Assert.True(_partition.WakeAtMs <= _partition.NowMs);
        _partition.Tick(0);
        Assert.Single(_partition.Take("a", max: 10)!.Messages);
    }

    [Fact]
    public void A_paused_partition_hands_out_what_a_worker_asks_for()
    {
        _partition.Machine.IsPaused = true;
        _partition.Do(_partition.Send("a", "x"));
        Assert.NotNull(_partition.Take("a"));
    }

    private void Handle(string node)
    {
        _partition.Do(_partition.Send(node, "x"));
        DeliveryGiven given = _partition.Take(node)!;
        _partition.Do(new CommitDelivery { Delivery = given.Delivery });
    }
}
