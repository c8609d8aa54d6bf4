using Grains.Journal;
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

/// <summary>The journal is unavailable for longer than callers wait, and comes back.</summary>
public sealed class PartitionStallTests
{
    private static readonly PartitionOptions _impatient = new()
    {
        UnansweredMsMax = 50, RepeatPauseMsMin = 1, RepeatPauseMsMax = 5
    };

    [Fact]
    public async Task Callers_are_told_whether_it_may_have_happened_and_the_memory_stays()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass }, options: _impatient);
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> put = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Task<Answer> queued = loop.ExecuteAsync(Put("b", "1"), CancellationToken.None);
        Task<Answer> read = loop.ExecuteAsync(
            new ListKeys { Keyspace = new KeyspaceId(1), Limit = 10 }, CancellationToken.None);

        Assert.True((await Answered<NotOwner>(put)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(queued)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(read)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(loop, Put("c", "1"))).MayHaveHappened);
        Assert.False(loop.Completion.IsCompleted);

        gate.Open();
        await Until(async () => await loop.ExecuteAsync(Get("a"), CancellationToken.None) is KeyFound);
        Assert.Equal(Refusal.NotFound, (await Answered<Refused>(loop, Get("b"))).Code);
        Assert.Equal(new Revision(3), (await Answered<KeyWritten>(loop, Put("b", "2"))).Version);
    }

    [Fact]
    public async Task Callers_are_told_too_where_every_attempt_fails_at_once_and_the_append_goes_on()
    {
        bool isDown = true;
        var world = new PartitionWorld(
            journal: new MemoryJournalOptions
            {
                Pause = (step, _) => step == MemoryStep.Append && Volatile.Read(ref isDown)
                    ? Task.FromException(new JournalUnavailableException("It is down."))
                    : Task.CompletedTask,
            },
            options: _impatient);
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.True((await Answered<NotOwner>(loop, Put("a", "1"))).MayHaveHappened);
        Assert.False(loop.Completion.IsCompleted);

        Volatile.Write(ref isDown, false);
        await Until(async () => await loop.ExecuteAsync(Get("a"), CancellationToken.None) is KeyFound);
    }

    [Fact]
    public async Task A_stale_read_is_answered_meanwhile_and_shows_nothing_that_is_undecided()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass }, options: _impatient);
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> put = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Assert.Equal(Refusal.NotFound, (await Answered<Refused>(loop, Stale(Get("a")))).Code);
        await Answered<NotOwner>(put);
        Assert.Equal(Refusal.NotFound, (await Answered<Refused>(loop, Stale(Get("a")))).Code);
        Assert.Empty(
            (await Answered<KeyPage>(loop, Stale(new ListKeys { Keyspace = new KeyspaceId(1), Limit = 10 }))).Entries);

        gate.Open();
        await Until(async () => await loop.ExecuteAsync(Stale(Get("a")), CancellationToken.None) is KeyFound);
    }

    [Fact]
    public async Task A_receive_whose_caller_was_told_is_given_nothing_when_the_journal_is_back()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass }, options: _impatient);
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> send = loop.ExecuteAsync(PartitionLoopTests.Send(), CancellationToken.None);
        Task<Answer> receive = loop.ExecuteAsync(PartitionLoopTests.Receive(60_000), CancellationToken.None);
        await gate.Arrived;
        await Answered<NotOwner>(send);
        await Answered<NotOwner>(receive);
        gate.Open();

        DeliveryGiven? given = null;
        await Until(async () =>
            (given = await loop.ExecuteAsync(PartitionLoopTests.Receive(0), CancellationToken.None) as DeliveryGiven) is not null);
        Assert.Equal(1, given!.Messages[0].Attempts);
    }

    [Fact]
    public async Task A_receive_that_waited_before_is_told_too_and_one_that_has_gone_is_given_nothing()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass }, options: _impatient);
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> waiting = loop.ExecuteAsync(PartitionLoopTests.Receive(60_000), CancellationToken.None);
        Assert.IsType<NothingToDeliver>(await loop.ExecuteAsync(PartitionLoopTests.Receive(0), CancellationToken.None));
        Task<Answer> send = loop.ExecuteAsync(PartitionLoopTests.Send(), CancellationToken.None);
        await gate.Arrived;
        await Answered<NotOwner>(send);
        await Answered<NotOwner>(waiting);
        gate.Open();
        DeliveryGiven? given = null;
        await Until(async () =>
            (given = await loop.ExecuteAsync(PartitionLoopTests.Receive(0), CancellationToken.None) as DeliveryGiven) is not null);
        Assert.Equal(1, given!.Messages[0].Attempts);
    }

    [Fact]
    public async Task A_receive_whose_caller_goes_while_its_message_is_undecided_is_given_nothing()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        using var gone = new CancellationTokenSource();
        Task<Answer> waiting = loop.ExecuteAsync(PartitionLoopTests.Receive(60_000), gone.Token);
        Assert.IsType<NothingToDeliver>(await loop.ExecuteAsync(PartitionLoopTests.Receive(0), CancellationToken.None));
        Task<Answer> send = loop.ExecuteAsync(PartitionLoopTests.Send(), CancellationToken.None);
        await gate.Arrived;
        await gone.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        gate.Open();
        await Answered<MessageAccepted>(send);
        Assert.IsType<DeliveryGiven>(await loop.ExecuteAsync(PartitionLoopTests.Receive(0), CancellationToken.None));
    }

    [Fact]
    public async Task A_session_read_waits_for_no_confirmation_but_is_not_answered_before_its_position()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        Revision written = (await Answered<KeyWritten>(loop, Put("a", "1"))).Version;
        KeyFound found = await Answered<KeyFound>(loop, Session(written));
        Assert.True(found.At >= written);
        Assert.False((await Answered<NotOwner>(loop, Session(written.Next))).MayHaveHappened);
        Assert.Equal(Refusal.HistoryChanged, (await Answered<Refused>(loop, Session(written, incarnation: 1))).Code);
    }

    [Fact]
    public async Task A_former_owner_answers_stale_reads_until_it_knows_and_nothing_else()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1"));
        await world.FenceAsync(P0);
        await Answered<KeyFound>(loop, Stale(Get("a")));
        await Answered<NotOwner>(loop, Put("a", "2"));
        await Ended(loop);
        await Answered<NotOwner>(loop, Stale(Get("a")));
    }

    private static T Stale<T>(T read)
        where T : Command
        => read with { Consistency = ReadConsistency.Stale };

    private static GetKey Session(Revision atLeast, long incarnation = 0) =>
        Get("a") with { Consistency = new ReadConsistency(ConsistencyLevel.Session, incarnation, atLeast) };
}
