using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class PartitionLoopTests
{
    [Trait("Rule", "2")]
    [Fact]
    public async Task A_put_is_not_answered_before_it_is_durable()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> put = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Assert.False(put.IsCompleted);
        gate.Open();
        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(put)).Version);
    }

    [Trait("Rule", "2")]
    [Fact]
    public async Task A_read_is_not_answered_before_the_ownership_is_confirmed()
    {
        var gate = new Gate(MemoryStep.Confirm);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> get = loop.ExecuteAsync(Get("a"), CancellationToken.None);
        await gate.Arrived;
        Assert.False(get.IsCompleted);
        await world.FenceAsync(P0);
        gate.Open();
        Assert.False((await Answered<NotOwner>(get)).MayHaveHappened);
        Assert.Equal(LoopEndReason.Fenced, (await Ended(loop)).Reason);
    }

    [Fact]
    public async Task Commands_that_arrive_during_an_append_share_the_next_record()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> first = loop.ExecuteAsync(Put("a", "0"), CancellationToken.None);
        await gate.Arrived;
        Task<Answer>[] rest =
        [
            .. Enumerable.Range(1, 50).Select(i => loop.ExecuteAsync(Put("a", $"{i}"), CancellationToken.None))
        ];
        gate.Open();
        await Answered<KeyWritten>(first);
        Answer[] answers = await Task.WhenAll(rest);
        Assert.All(answers, a => Assert.Equal(new Revision(52), a.At));
        Assert.Equal(3, world.Disk.Rows);
    }

    [Trait("Rule", "1")]
    [Fact]
    public async Task A_fenced_owner_ends_and_says_of_what_was_in_flight_that_it_may_have_happened_and_of_the_rest_that_it_did_not()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> inFlight = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Task<Answer> queued = loop.ExecuteAsync(Put("b", "1"), CancellationToken.None);
        await world.FenceAsync(P0);
        gate.Open();
        Assert.True((await Answered<NotOwner>(inFlight)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(queued)).MayHaveHappened);
        Assert.Equal(LoopEndReason.Fenced, (await Ended(loop)).Reason);
        Assert.False((await Answered<NotOwner>(loop, Get("a"))).MayHaveHappened);
    }

    [Trait("Rule", "4")]
    [Fact]
    public async Task A_record_that_the_journal_refuses_leaves_nothing_and_the_next_one_follows_without_a_gap()
    {
        MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, MemoryFault.Refused);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Faults = faults });
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.Equal(Refusal.NotStored, (await Answered<Refused>(loop, Put("a", "1"))).Code);
        Assert.Equal(Refusal.NotFound, (await Answered<Refused>(loop, Get("a"))).Code);
        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(loop, Put("a", "2"))).Version);
    }

    [Fact]
    public async Task What_time_demands_is_not_tried_again_and_again_while_the_journal_refuses()
    {
        MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, MemoryFault.Refused, skip: 1);
        for (int i = 0; i < 1_000; i++)
        {
            faults.Plan(MemoryStep.Append, MemoryFault.Refused);
        }

        int appends = 0;
        var world = new PartitionWorld(journal: new MemoryJournalOptions
        {
            Faults = faults,
            Pause = (step, _) =>
            {
                appends += step == MemoryStep.Append ? 1 : 0;
                return Task.CompletedTask;
            },
        });
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1") with { TtlMs = 1 });
        await Task.Delay(300);
        Assert.InRange(appends, 2, 8);
        await loop.StopAsync();
    }

    [Theory]
    [InlineData(MemoryFault.UnknownWritten)]
    [InlineData(MemoryFault.UnknownNotWritten)]
    [InlineData(MemoryFault.UnknownWrittenLater)]
    [InlineData(MemoryFault.UnknownWrittenTwice)]
    public async Task An_undecided_append_is_repeated_and_takes_effect_once(MemoryFault fault)
    {
        MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, fault).Plan(MemoryStep.Append, fault);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Faults = faults });
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(loop, Put("a", "1"))).Version);
        Assert.Equal(new Revision(3), (await Answered<KeyWritten>(loop, Put("a", "2"))).Version);
        Assert.Equal(3, world.Disk.Rows);
    }

    [Theory]
    [InlineData(MemoryFault.UnknownWritten)]
    [InlineData(MemoryFault.UnknownWrittenLater)]
    [InlineData(MemoryFault.UnknownNotWritten)]
    public async Task A_refusal_of_a_repeat_says_nothing_of_the_attempt_before_it(MemoryFault first)
    {
        MemoryFaults faults = MemoryFaults.Planned()
            .Plan(MemoryStep.Append, first).Plan(MemoryStep.Append, MemoryFault.Refused);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Faults = faults });
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(loop, Put("a", "1"))).Version);
        world.Disk.LandOne();
        Assert.Equal(new Revision(3), (await Answered<KeyWritten>(loop, Put("a", "2"))).Version);
    }

    [Fact]
    public async Task An_append_that_stays_undecided_costs_the_memory_and_the_next_owner_finds_what_is_there()
    {
        MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, MemoryFault.UnknownWritten);
        for (int i = 0; i < 100; i++)
        {
            faults.Plan(MemoryStep.Append, MemoryFault.UnknownNotWritten);
        }

        var world = new PartitionWorld(
            journal: new MemoryJournalOptions { Faults = faults },
            options: new PartitionOptions { RepeatPauseMsMin = 1, RepeatPauseMsMax = 1, UndecidedMsMax = 20 });
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.True((await Answered<NotOwner>(loop, Put("a", "1"))).MayHaveHappened);
        Assert.Equal(LoopEndReason.Undecided, (await Ended(loop)).Reason);

        PartitionLoop next = await new PartitionWorld(world.Disk).OpenAsync(P0);
        Assert.Equal(new Revision(2), (await Answered<KeyFound>(next, Get("a"))).Entry.Version);
    }

    [Fact]
    public async Task A_full_queue_refuses_at_once()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(
            journal: new MemoryJournalOptions { Pause = gate.Pass },
            options: new PartitionOptions { QueuedCommandsMax = 2 });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> inFlight = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Task<Answer> second = loop.ExecuteAsync(Put("b", "1"), CancellationToken.None);
        Task<Answer> third = loop.ExecuteAsync(Put("c", "1"), CancellationToken.None);
        Assert.Equal(Refusal.Overloaded, (await Answered<Refused>(loop, Put("d", "1"))).Code);
        gate.Open();
        await Task.WhenAll(inFlight, second, third);
        Assert.IsType<KeyWritten>(await third);
    }

    [Fact]
    public async Task A_receive_whose_caller_has_gone_is_given_nothing()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        using var gone = new CancellationTokenSource();
        Task<Answer> abandoned = loop.ExecuteAsync(Receive(60_000), gone.Token);

        // A read after it: decided later, so that the receive is waiting inside the machine by now.
        await Answered<Refused>(loop, Get("a"));
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => abandoned);
        await Answered<MessageAccepted>(loop, Send());
        Assert.Single((await Answered<DeliveryGiven>(loop, Receive(0))).Messages);
    }

    [Fact]
    public async Task A_waiting_receive_is_answered_when_a_message_is_durable_and_when_the_loop_ends()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> served = loop.ExecuteAsync(Receive(60_000), CancellationToken.None);
        await Answered<MessageAccepted>(loop, Send());
        Assert.Single((await Answered<DeliveryGiven>(served)).Messages);
        Task<Answer> waiting = loop.ExecuteAsync(Receive(60_000), CancellationToken.None);
        await Answered<Refused>(loop, Get("a"));
        await loop.StopAsync();
        await Answered<NotOwner>(waiting);
    }

    [Fact]
    public async Task A_broken_invariant_ends_the_loop_and_nothing_is_answered_from_its_memory()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.False((await Answered<NotOwner>(loop, new Nonsense())).MayHaveHappened);
        Assert.Equal(LoopEndReason.Broken, (await Ended(loop)).Reason);
        await Answered<NotOwner>(loop, Get("a"));
    }

    internal static Receive Receive(long waitMs) => new()
    {
        Service = new ServiceId(1),
        ServiceName = "svc",
        Node = new Utf8Name("n"),
        MaxMessages = 10,
        LeaseMs = 10_000,
        WaitMs = waitMs,
        MaxAttempts = 5,
    };

    internal static SendMessage Send() => new()
    {
        Service = new ServiceId(1), Node = new Utf8Name("n"), Content = MessageContent.Empty, MailboxLimit = 100,
    };

    private sealed record Nonsense : Command;
}
