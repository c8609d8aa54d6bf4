using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>A receive that names no node gets whatever node of its service has something that nobody has.</summary>
public sealed class AnyNodeTests
{
    private const string _any = "";
    private readonly TestPartition _partition = new();

    [Fact]
    public void Nodes_are_given_out_in_the_order_in_which_they_came_to_have_something_one_delivery_each()
    {
        Assert.Null(_partition.Take(_any));
        _partition.Do(_partition.Send("b", "1"));
        _partition.Do(_partition.Send("a", "2"));
        _partition.Do(_partition.Send("b", "3"));
        Assert.Equal("b 1", Taken());
        Assert.Equal("a 2", Taken());
        Assert.Null(Taken());
    }

    [Fact]
    public void Nodes_that_had_messages_before_the_first_question_are_found_also_under_a_new_owner()
    {
        _partition.Do(_partition.Send("a", "1"));
        _partition.Do(_partition.Send("b", "2"));
        _partition.Crash();
        Assert.Equal("a 1", Taken());
        Assert.Equal("b 2", Taken());
        Assert.Null(Taken());
    }

    [Fact]
    public void More_nodes_than_one_step_looks_at_are_looked_at_before_the_answer_is_nothing()
    {
        var partition = new TestPartition(new MachineLimits { SweepMax = 7 });
        for (int i = 0; i < 50; i++)
        {
            partition.Do(partition.Send($"n{i:00}", "done"));
            partition.Do(Commit(partition.Take($"n{i:00}")!) with { State = new StateChange([1], null) });
        }

        partition.Do(partition.Send("n49", "found"));
        Assert.Equal("found", TestPartition.Body(partition.Take(_any)!.Messages[0]));
        Assert.Null(partition.Take(_any));
    }

    [Fact]
    public void A_node_whose_delivery_is_out_is_given_to_nobody_until_it_ends()
    {
        _partition.Do(_partition.Send("a", "1"));
        _partition.Do(_partition.Send("a", "2"));
        DeliveryGiven first = _partition.Take(_any)!;
        Assert.Null(Taken());
        _partition.Do(Commit(first));
        Assert.Equal("a 2", Taken());
        Assert.Null(Taken());
    }

    [Fact]
    public void A_node_that_is_held_back_is_given_to_nobody_until_its_time()
    {
        _partition.Do(_partition.Send("a", "1"));
        _partition.Do(new RejectDelivery { Delivery = _partition.Take(_any)!.Delivery, DelayMs = 1_000 });
        object waiting = _partition.Wait(_partition.Receive(_any, waitMs: 5_000));
        _partition.Tick(500);
        Assert.False(_partition.Answers.ContainsKey(waiting));
        _partition.Tick(500);
        Assert.Null(Taken());
        Assert.Equal(2, Assert.IsType<DeliveryGiven>(_partition.Answers[waiting]).Messages[0].Attempts);
    }

    [Fact]
    public void Who_waits_for_any_node_gets_the_next_message_after_who_named_its_node()
    {
        object any = _partition.Wait(_partition.Receive(_any, waitMs: 5_000));
        object late = _partition.Wait(_partition.Receive(_any, waitMs: 1_000));
        object named = _partition.Wait(_partition.Receive("a", waitMs: 5_000));
        _partition.Do(_partition.Send("a", "1"));
        Assert.IsType<DeliveryGiven>(_partition.Answers[named]);
        _partition.Do(_partition.Send("b", "2"));
        Assert.Equal("b", Assert.IsType<DeliveryGiven>(_partition.Answers[any]).Messages[0].Node.ToString());
        Assert.False(_partition.Answers.ContainsKey(late));
        _partition.Tick(1_000);
        Assert.IsType<NothingToDeliver>(_partition.Answers[late]);
    }

    [Fact]
    public void Who_only_looks_is_told_and_takes_nothing()
    {
        Receive look = _partition.Receive(_any, waitMs: 5_000) with { PeekOnly = true };
        object first = _partition.Wait(look);
        object second = _partition.Wait(look);
        object over = _partition.Wait(look with { Service = new ServiceId(99), WaitMs = 1_000 });
        _partition.Tick(1_000);
        Assert.IsType<NothingToDeliver>(_partition.Answers[over]);
        _partition.Do(_partition.Send("a", "1"));
        Assert.IsType<SomethingToDeliver>(_partition.Answers[first]);
        Assert.IsType<SomethingToDeliver>(_partition.Answers[second]);
        Assert.IsType<SomethingToDeliver>(_partition.Do(look with { WaitMs = 0 }));
        Assert.Equal("a 1", Taken());
        Assert.IsType<NothingToDeliver>(_partition.Do(look with { WaitMs = 0 }));
    }

    [Fact]
    public void One_whose_caller_has_gone_leaves_what_was_chosen_for_it_to_the_next()
    {
        _partition.Do(_partition.Send("a", "1"));
        _partition.Crash();
        object gone = _partition.Wait(_partition.Receive(_any, waitMs: 5_000));

        // Chosen, but not given out before the attempt is on record: the former owner may have given it out.
        Assert.False(_partition.Answers.ContainsKey(gone));
        Assert.True(_partition.Machine.Cancel(gone));
        Assert.Equal("a 1", Taken());
    }

    [Fact]
    public void A_purged_node_is_nothing_to_deliver()
    {
        Assert.Null(Taken());
        _partition.Do(_partition.Send("a", "1"));
        _partition.Do(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("a"), WithState = true });
        Assert.Null(Taken());
    }

    private static CommitDelivery Commit(DeliveryGiven given) => new() { Delivery = given.Delivery, BodyHash = 1 };

    private string? Taken() => _partition.Take(_any) is { } given
        ? $"{given.Messages[0].Node} {TestPartition.Body(given.Messages[0])}"
        : null;
}
