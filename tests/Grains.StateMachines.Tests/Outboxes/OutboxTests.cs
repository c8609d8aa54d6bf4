using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Outboxes;

public class OutboxTests
{
    private readonly TestPartition _source = new(id: 1);
    private readonly TestPartition _target = new(id: 2);

    [Trait("Rule", "9")]
    [Fact]
    public void A_transfer_repeated_is_taken_once_also_after_the_target_crashed()
    {
        Send("x", "y");
        AcceptTransfer transfer = Transfer();
        _target.Do<TransferAccepted>(transfer);
        _target.Do<TransferAccepted>(transfer);
        _target.Crash();
        TransferAccepted accepted = _target.Do<TransferAccepted>(transfer);
        Assert.Equal(transfer.Entries[^1].Sequence, accepted.UpTo);
        Assert.Equal(["x", "y"], _target.Take("t", max: 9)!.Messages.Select(TestPartition.Body));
    }

    [Fact]
    public void Two_copies_of_a_transfer_in_one_batch_count_once()
    {
        Send("x");
        _target.Do(Transfer(), Transfer());
        Assert.Equal(1, _target.Machine.Statistics.Messages);
    }

    [Fact]
    public void Cleared_entries_are_gone_and_later_ones_stay()
    {
        Send("x");
        OutboxSequence first = Transfer().Entries[0].Sequence;
        Send("y");
        _source.Do<Done>(new ClearOutbox(_target.Id, first));
        Assert.Equal("y", System.Text.Encoding.UTF8.GetString(Assert.Single(Transfer().Entries).Message.Content.Body));
        _source.Do<Done>(new ClearOutbox(_target.Id, Transfer().Entries[^1].Sequence));
        Assert.Empty(_source.Machine.OutboxTargets);
        Assert.Equal(0, _source.Machine.Statistics.Bytes);
    }

    [Fact]
    public void A_source_that_crashed_before_clearing_sends_again_and_nothing_is_doubled()
    {
        Send("x");
        _target.Do<TransferAccepted>(Transfer());
        _source.Crash();
        Send("y");
        _target.Do<TransferAccepted>(Transfer());
        Assert.Equal(["x", "y"], _target.Take("t", max: 9)!.Messages.Select(TestPartition.Body));
    }

    [Trait("Rule", "9")]
    [Fact]
    public void Entries_that_were_taken_before_both_were_restored_are_not_taken_again()
    {
        Send("x");
        _target.Do<TransferAccepted>(Transfer());
        Send("y");
        _source.Fork();
        _target.Fork();
        Send("z");
        _target.Do<TransferAccepted>(Transfer());
        _target.Crash();
        _target.Do<TransferAccepted>(Transfer());
        Assert.Equal(["x", "y", "z"], _target.Take("t", max: 9)!.Messages.Select(TestPartition.Body));
    }

    [Fact]
    public void Entries_taken_before_the_first_of_two_restores_are_not_taken_after_the_second()
    {
        Send("x");
        _target.Do<TransferAccepted>(Transfer());
        _source.Fork();
        _source.Fork();
        TransferAccepted accepted = _target.Do<TransferAccepted>(Transfer());
        Assert.Equal(Transfer().Entries[^1].Sequence, accepted.UpTo);
        Assert.Equal(["x"], _target.Take("t", max: 9)!.Messages.Select(TestPartition.Body));
    }

    [Fact]
    public void A_source_whose_history_is_over_moves_nothing_once_the_new_one_has_sent()
    {
        Send("x");
        AcceptTransfer late = Transfer();
        _source.Fork();
        _target.Do<TransferAccepted>(Transfer());
        _target.Refuse(late, Refusal.TransferRefused);
        Assert.Equal(1, _target.Machine.Statistics.Messages);
    }

    [Fact]
    public void A_transfer_for_another_partition_is_refused_whole()
    {
        Send("x");
        _source.Refuse(Transfer(), Refusal.TransferRefused);
    }

    [Fact]
    public void Over_twice_its_budget_a_partition_takes_nothing_of_others_and_once_there_is_room_it_takes_all_in_order()
    {
        const int budget = 10_000;
        const int messages = 40;
        var full = new TestPartition(new MachineLimits { PartitionBytesMax = budget }, _target.Id.Value);
        var taken = new List<AcceptTransfer>();
        for (int i = 0; i < messages; i++)
        {
            Send($"{i:00}{new string('x', 1_000)}");
            if (full.Machine.Statistics.Bytes <= 2 * budget)
            {
                taken.Add(Transfer());
                full.Do<TransferAccepted>(taken[^1]);
                _source.Do<Done>(new ClearOutbox(full.Id, taken[^1].Entries[^1].Sequence));
            }
        }

        Assert.InRange(full.Machine.Statistics.Bytes, 2 * budget, 2 * budget + 2_000);
        full.Refuse(Transfer(), Refusal.PartitionFull);
        full.Do<TransferAccepted>(taken[^1]);
        Assert.Equal(messages - taken.Count, Transfer().Entries.Length);

        var bodies = new List<string>();
        Handle();
        full.Do<TransferAccepted>(Transfer());
        Handle();
        Assert.Equal(Enumerable.Range(0, messages).Select(i => $"{i:00}"), bodies);

        void Handle()
        {
            DeliveryGiven given = full.Take("t", max: messages)!;
            bodies.AddRange(given.Messages.Select(m => TestPartition.Body(m)[..2]));
            full.Do<Committed>(new CommitDelivery { Delivery = given.Delivery });
        }
    }

    private void Send(params string[] bodies)
    {
        _source.Do(_source.Send("s", "go"));
        _source.Do<Committed>(new CommitDelivery
        {
            Delivery = _source.Take("s")!.Delivery,
            Sends = [.. bodies.Select(b => _source.Outgoing("t", b, to: _target.Id))],
        });
    }

    private AcceptTransfer Transfer() => new()
    {
        Source = _source.Id,
        SourceIncarnation = _source.Machine.Incarnation,
        Entries = _source.Machine.ReadOutbox(_target.Id, 100, 1 << 20, _source.Now),
    };
}
