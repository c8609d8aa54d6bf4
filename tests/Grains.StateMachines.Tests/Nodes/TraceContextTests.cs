using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Nodes;

public sealed class TraceContextTests
{
    private const string _parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    private readonly TestPartition _partition = new();

    [Fact]
    public void What_a_delivery_sends_follows_from_its_first_message_unless_it_names_another_trace()
    {
        SendMessage send = _partition.Send("a", "1");
        _partition.Do(
            send with
            {
                Content = send.Content with
                {
                    Headers = [new("ce-id", "7"), new("traceparent", _parent), new("tracestate", "v=1")]
                }
            });
        OutgoingMessage named = _partition.Outgoing("c", "3");
        _partition.Do<Committed>(new CommitDelivery
        {
            Delivery = _partition.Take("a")!.Delivery,
            Sends =
            [
                _partition.Outgoing("b", "2"),
                named with { Content = named.Content with { Headers = [new("traceparent", "another")] } },
            ],
        });
        Assert.Equal(
            [new("traceparent", _parent), new("tracestate", "v=1")], _partition.Take("b")!.Messages[0].Content.Headers);
        Assert.Equal([new("traceparent", "another")], _partition.Take("c")!.Messages[0].Content.Headers);
    }

    [Fact]
    public void A_context_replaces_the_one_before_and_headers_stay_in_order()
    {
        MessageContent content = TestPartition.Content("x") with
        {
            Headers = [new("ce-id", "7"), new("traceparent", "old"), new("tracestate", "old"), new("z", "z")],
        };
        Assert.Equal(
            [new("ce-id", "7"), new("traceparent", "new"), new("z", "z")],
            TraceContext.With(content, "new", null).Headers);
        Assert.Same(content, TraceContext.Continue(content, "new", null));
    }

    [Fact]
    public void The_oldest_message_of_each_service_is_found_among_those_that_wait()
    {
        _partition.Do(_partition.Send("a", "1") with { Due = new Due(60_000, 0) });
        _partition.NowMs += 10;
        _partition.Do(_partition.Send("a", "2"));
        long second = _partition.NowMs;
        _partition.NowMs += 10;
        _partition.Do(_partition.Send("b", "3"), _partition.Send("c", "4") with { Service = new ServiceId(99) });
        OldestFound found = _partition.Do<OldestFound>(new FindOldest { LookedAtMax = 100 });
        Assert.Equal(
            [new OldestMessage(TestPartition.Service, second), new OldestMessage(new ServiceId(99), second + 10)],
            found.Services);
        Assert.Empty(_partition.Do<OldestFound>(new FindOldest { LookedAtMax = 1 }).Services);
    }
}
