using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>
/// One question a server and partition tells which of all its services have something; none is missed.
/// </summary>
public sealed class FindWorkTests
{
    private const long _waitMs = 60_000;
    private static readonly ServiceId _mine = TestPartition.Service;
    private static readonly ServiceId _other = new(9);

    private readonly TestPartition _partition = new(new MachineLimits { SweepMax = 3 });

    [Fact]
    public void What_comes_is_told_once_until_somebody_receives()
    {
        object first = Ask([_mine, _other], unseen: [_mine, _other]);
        Assert.False(_partition.Answers.ContainsKey(first));
        _partition.Do(
            _partition.Send("a", "1"), _partition.Send("x", "2") with { Service = _other }, _partition.Send("b", "3"));
        Assert.Equal([_mine, _other], Told(first));

        object second = Ask([_mine, _other]);
        _partition.Do(_partition.Send("c", "4"));
        Assert.False(_partition.Answers.ContainsKey(second));
        Assert.NotNull(_partition.Take(""));
        _partition.Do(_partition.Send("d", "5"));
        Assert.Equal([_mine], Told(second));
    }

    [Fact]
    public void What_was_there_before_is_found_over_more_nodes_and_services_than_one_step_looks_at()
    {
        for (int i = 0; i < 10; i++)
        {
            _partition.Do(_partition.Send($"n{i}", "done"));
            _partition.Do(
                new CommitDelivery
                {
                    Delivery = _partition.Take($"n{i}")!.Delivery, State = new StateChange([1], null)
                });
        }

        _partition.Do(_partition.Send("n9", "1"));
        ServiceId[] all = [.. Enumerable.Range(100, 50).Select(i => new ServiceId(i)).Append(_mine)];
        _partition.Crash();
        object ticket = Ask(all, unseen: all);
        _partition.Tick(1);
        Assert.Equal([_mine], Told(ticket));
    }

    [Fact]
    public void Who_asks_again_with_everything_unseen_is_told_again()
    {
        _partition.Do(_partition.Send("a", "1"));
        Assert.Equal([_mine], Told(Ask([_mine], unseen: [_mine])));
        Assert.Equal([_mine], Told(Ask([_mine], unseen: [_mine])));
        object quiet = Ask([_mine]);
        Assert.False(_partition.Answers.ContainsKey(quiet));
    }

    [Fact]
    public void A_new_question_answers_the_former_and_what_it_names_counts_from_then_on()
    {
        object former = Ask([_mine], unseen: [_mine]);
        object now = Ask([_other], unseen: [_other]);
        Assert.Empty(Told(former));
        _partition.Do(_partition.Send("a", "1"));
        Assert.False(_partition.Answers.ContainsKey(now));
        _partition.Do(_partition.Send("x", "2") with { Service = _other });
        Assert.Equal([_other], Told(now));
    }

    [Fact]
    public void What_somebody_waits_for_is_not_told()
    {
        object ticket = Ask([_mine], unseen: [_mine]);
        object waits = _partition.Wait(_partition.Receive("", waitMs: _waitMs));
        _partition.Do(_partition.Send("a", "1"));
        Assert.IsType<DeliveryGiven>(_partition.Answers[waits]);
        Assert.False(_partition.Answers.ContainsKey(ticket));
    }

    [Theory]
    [InlineData("rejected")]
    [InlineData("lease")]
    [InlineData("held")]
    [InlineData("resumed")]
    [InlineData("due")]
    public void What_may_be_handed_out_only_later_is_told_then(string how)
    {
        var node = new PauseNode { Service = _mine, Node = new Utf8Name("a"), Paused = how == "resumed" };
        _partition.Do(_partition.Send("a", "1") with { Due = new Due(how == "due" ? 500 : 0, 0) });
        DeliveryGiven? given = how is "rejected" or "lease" or "held" ? _partition.Take("a", leaseMs: 500) : null;
        _partition.Do(node);
        if (how == "held")
        {
            _partition.Do<Rejected>(new RejectDelivery { Delivery = given!.Delivery, DelayMs = 500 });
        }

        object ticket = Ask([_mine], unseen: [_mine]);
        if (_partition.Answers.ContainsKey(ticket))
        {
            // It has one, but not for anybody now.
            Assert.Null(_partition.Take(""));
            ticket = Ask([_mine]);
        }

        _partition.Tick(499);
        Assert.False(_partition.Answers.ContainsKey(ticket));
        switch (how)
        {
            case "rejected":
                _partition.Do<Rejected>(new RejectDelivery { Delivery = given!.Delivery });
                break;
            case "resumed":
                _partition.Do(node with { Paused = false });
                break;
            default:
                _partition.Tick(1);
                break;
        }

        Assert.Equal([_mine], Told(ticket));
        Assert.NotNull(_partition.Take(""));
    }

    [Fact]
    public void When_the_wait_is_over_nothing_is_told_and_a_question_that_is_given_up_gets_no_answer()
    {
        object over = Ask([_mine]);
        Assert.Equal(_partition.NowMs + _waitMs, _partition.WakeAtMs);
        _partition.Tick(_waitMs);
        Assert.Empty(Told(over));
        Assert.Null(_partition.WakeAtMs);
        object gone = Ask([_mine]);
        Assert.True(_partition.Machine.Cancel(gone));
        _partition.Do(_partition.Send("a", "1"));
        Assert.False(_partition.Answers.ContainsKey(gone));
        Assert.Equal([_mine], Told(Ask([_mine])));
    }

    [Fact]
    public void A_service_that_is_not_run_and_one_that_is_idle_cost_nothing()
    {
        ServiceId[] all = [.. Enumerable.Range(1, 4_097).Select(i => new ServiceId(i))];
        object ticket = Ask(all, unseen: all);
        while (_partition.Machine.HasWork)
        {
            _partition.Tick(0);
        }

        _partition.Do(_partition.Send("a", "1") with { Service = new ServiceId(5_000) });
        Assert.False(_partition.Answers.ContainsKey(ticket));
        Assert.Equal(0, _partition.Machine.Statistics.WaitingReceives);
    }

    private object Ask(ServiceId[] services, params ServiceId[] unseen) =>
        _partition.Wait(new FindWork { Services = [.. services], Unseen = unseen, WaitMs = _waitMs });

    private ServiceId[] Told(object ticket) => Assert.IsType<WorkFound>(_partition.Answers[ticket]).Services;
}
