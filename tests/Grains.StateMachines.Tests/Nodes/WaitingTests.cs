using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

/// <summary>Places to wait in: shared fairly by services, not needed by what is there, and not by servers.</summary>
public sealed class WaitingTests
{
    private const long _waitMs = 60_000;
    private static readonly ServiceId _other = new(9);

    private readonly TestPartition _partition = new(
        new MachineLimits { WaitingReceivesMax = 4, WaitingReceivesPerNodeMax = 3 });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_service_that_fills_the_room_leaves_another_its_share(bool isForAny)
    {
        object[] hogs = [.. "abcd".Select(c => Wait(isForAny ? "" : $"{c}"))];
        Assert.All(hogs, h => Assert.False(_partition.Answers.ContainsKey(h)));
        AssertRefused(Wait(isForAny ? "" : "e"));
        object other = Wait("x", _other);
        Assert.False(_partition.Answers.ContainsKey(other));
        AssertRefused(hogs[3]);
        _partition.Do(_partition.Send("x", "1") with { Service = _other });
        Assert.IsType<DeliveryGiven>(_partition.Answers[other]);
        Assert.All(hogs[..3], h => Assert.False(_partition.Answers.ContainsKey(h)));
    }

    [Fact]
    public void What_is_there_is_handed_out_also_where_every_place_is_taken()
    {
        Assert.All("abcd", c => Wait($"{c}"));
        _partition.Do(_partition.Send("e", "1"));
        Assert.Equal(
            "1",
            TestPartition.Body(_partition.Do<DeliveryGiven>(_partition.Receive("e", waitMs: _waitMs)).Messages[0]));
        _partition.Do(_partition.Send("f", "2"));
        Assert.Equal(
            "2", TestPartition.Body(_partition.Do<DeliveryGiven>(_partition.Receive("", waitMs: _waitMs)).Messages[0]));
        Assert.IsType<NothingToDeliver>(_partition.Do(_partition.Receive("g")));
    }

    [Fact]
    public void What_is_there_but_must_be_recorded_first_is_handed_out_also_where_every_place_is_taken()
    {
        _partition.Do(_partition.Send("e", "1"));
        _partition.Crash();
        Assert.All("abcd", c => Wait($"{c}"));
        object waits = Wait("e");
        _partition.Tick(1);
        Assert.IsType<DeliveryGiven>(_partition.Answers[waits]);
    }

    [Fact]
    public void A_node_has_few_places_whatever_is_free_and_one_that_is_left_is_free()
    {
        object[] waits = [.. Enumerable.Range(0, 3).Select(_ => Wait("a"))];
        AssertRefused(Wait("a"));
        Assert.True(_partition.Machine.Cancel(waits[0]));
        Assert.False(_partition.Answers.ContainsKey(Wait("a")));
        AssertRefused(Wait("a"));
    }

    [Fact]
    public void Servers_take_no_place_and_need_none()
    {
        Assert.All(Enumerable.Range(0, 9), i => _partition.Wait(
            _partition.Receive(i % 2 == 0 ? "" : "z", waitMs: _waitMs) with { OfServer = true }));
        Assert.All("abcd", c => Assert.False(_partition.Answers.ContainsKey(Wait($"{c}"))));
        object server = _partition.Wait(
            _partition.Receive("", waitMs: _waitMs) with { Service = _other, OfServer = true });
        _partition.Do(_partition.Send("x", "1") with { Service = _other });
        Assert.IsType<DeliveryGiven>(_partition.Answers[server]);
    }

    [Fact]
    public void Places_are_free_again_when_the_wait_is_over()
    {
        Assert.All("abcd", c => Wait($"{c}"));
        _partition.Tick(_waitMs);
        Assert.All("abcd", c => Assert.False(_partition.Answers.ContainsKey(Wait($"{c}"))));
    }

    [Fact]
    public void Waits_for_replies_are_shared_by_services_too()
    {
        var partition = new TestPartition(new MachineLimits { WaitingForRepliesMax = 3 });
        MessageId mine = partition.Do<MessageAccepted>(partition.Send("a", "1")).Message;
        MessageId others = partition.Do<MessageAccepted>(partition.Send("a", "2") with { Service = _other }).Message;
        object[] hogs =
        [
            .. Enumerable.Range(0, 3)
            .Select(_ => partition.Wait(new GetReply(TestPartition.Service, mine) { WaitMs = _waitMs }))
        ];
        object other = partition.Wait(new GetReply(_other, others) { WaitMs = _waitMs });
        Assert.False(partition.Answers.ContainsKey(other));
        Assert.Equal(
            (Refusal.Overloaded, 1_000),
            (Assert.IsType<Refused>(partition.Answers[hogs[2]]).Code, ((Refused)partition.Answers[hogs[2]]).RetryAfterMs));
        partition.Do<Committed>(new CommitDelivery { Delivery = partition.Take("a")!.Delivery });
        Assert.All(hogs[..2], h => Assert.IsType<ReplyFound>(partition.Answers[h]));
        Assert.False(partition.Answers.ContainsKey(other));
    }

    private object Wait(string node, ServiceId? service = null) =>
        _partition.Wait(_partition.Receive(node, waitMs: _waitMs) with { Service = service ?? TestPartition.Service });

    private void AssertRefused(object ticket)
    {
        Refused refused = Assert.IsType<Refused>(_partition.Answers[ticket]);
        Assert.Equal((Refusal.Overloaded, 1_000), (refused.Code, refused.RetryAfterMs));
    }
}
