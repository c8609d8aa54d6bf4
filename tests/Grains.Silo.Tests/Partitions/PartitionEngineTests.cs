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

/// <summary>Loops whose turns one engine runs, over a journal that it leads.</summary>
public sealed class PartitionEngineTests : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly PartitionWorld _world;
    private readonly LedMemoryJournal _journal;
    private readonly PartitionEngine _engine;

    public PartitionEngineTests()
    {
        var options = new PartitionOptions
        {
            RepeatPauseMsMin = 1, RepeatPauseMsMax = 5, UnansweredMsMax = 200, TransferPauseMsMin = 1
        };
        var disk = new MemoryDisk();
        _journal = new LedMemoryJournal(new MemoryJournal(disk));
        _engine = new PartitionEngine(_journal, TimeProvider.System, options);
        _world = new PartitionWorld(
            disk, options: options, change: runtime => runtime with { Journal = _journal, Engine = _engine });
    }

    public void Dispose() => _engine.Dispose();

    /// <remarks>
    /// Not in the context of the test, where nobody leads. Now and then the engine's thread leads already, for a timer
    /// of the loop; then the caller rightly does not.
    /// </remarks>
    [Fact]
    public Task A_lone_caller_leads_and_has_its_answer_on_return() => Task.Run(async () =>
    {
        const int puts = 100;
        PartitionLoop loop = await _world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("warm", "up"));
        int leader = 0;
        int ledByCaller = 0;
        _journal.BeforeFlush = () => leader = Environment.CurrentManagedThreadId;
        for (int i = 1; i <= puts; i++)
        {
            Task<Answer> put = loop.ExecuteAsync(Put("a", $"{i}"), CancellationToken.None);
            if (put.IsCompleted && leader == Environment.CurrentManagedThreadId)
            {
                ledByCaller++;
            }

            await Answered<KeyWritten>(put);
        }

        Assert.InRange(ledByCaller, puts / 2, puts);
        Assert.Equal($"{puts}", new Utf8Name((await Answered<KeyFound>(loop, Get("a"))).Entry.Value).ToString());
    });

    /// <remarks>Now and then the engine's thread leads one of them, for a timer of a loop.</remarks>
    [Fact]
    public async Task A_thread_that_promised_to_lead_wakes_nobody_and_leads_for_all_that_it_posted()
    {
        PartitionLoop[] loops = [await _world.OpenAsync(P0), await _world.OpenAsync(P1)];
        await Task.WhenAll(loops.Select(l => Answered<KeyWritten>(l, Put("warm", "up"))));
        var lead = new EngineLead(_engine);
        var context = new SynchronizationContext();
        const int rounds = 20;
        int flushes = 0;
        bool isAlone = true;
        List<Task<Answer>> puts = [];
        var thread = new Thread(() =>
        {
            EngineLead.PromiseOnThisThread();
            SynchronizationContext.SetSynchronizationContext(context);
            int before = _journal.Flushes.Length;
            _journal.BeforeFlush = () => isAlone &= SynchronizationContext.Current is null;
            for (int round = 0; round < rounds; round++)
            {
                puts.AddRange(loops.SelectMany(l => new[] { "a", "b" }.Select(
                    key => l.ExecuteAsync(Put(key, "1"), CancellationToken.None))));
                while (lead.Lead() || puts.Exists(p => !p.IsCompleted))
                {
                }
            }

            flushes = _journal.Flushes.Length - before;
            Assert.Same(context, SynchronizationContext.Current);
        });
        thread.Start();
        Assert.True(thread.Join(_deadline));
        Assert.All(puts, p => Assert.IsType<KeyWritten>(p.Result));
        Assert.True(isAlone, "What begins in a turn does not go on where its leader's own work does.");
        Assert.InRange(flushes, rounds, rounds * 3 / 2);
    }

    /// <remarks>Now and then the engine's thread leads one in between, for a timer of a loop.</remarks>
    [Fact]
    public async Task What_a_thread_gathers_is_one_batch_of_each_partition_and_one_flush()
    {
        PartitionLoop[] loops = [await _world.OpenAsync(P0), await _world.OpenAsync(P1)];
        await Task.WhenAll(loops.Select(l => Answered<KeyWritten>(l, Put("warm", "up"))));
        var lead = new EngineLead(_engine);
        const int rounds = 20;
        int flushes = 0;
        for (int round = 0; round < rounds; round++)
        {
            int before = _journal.Flushes.Length;
            List<Task<Answer>> puts = [];
            using (lead.Gather())
            {
                puts.AddRange(Enumerable.Range(0, 100).SelectMany(i => loops.Select(l => Post(l, $"k{i}"))));
            }

            await Task.WhenAll(puts);
            Assert.All(puts, p => Assert.IsType<KeyWritten>(p.Result));
            flushes += _journal.Flushes.Length - before;
        }

        Assert.InRange(flushes, rounds, rounds * 3 / 2);

        static Task<Answer> Post(PartitionLoop loop, string key)
        {
            var ticket = new TaskTicket(Put(key, "1"));
            loop.Post(ticket);
            return ticket.Task;
        }
    }

    [Fact]
    public async Task On_the_scheduler_of_a_grain_nobody_leads()
    {
        PartitionLoop loop = await _world.OpenAsync(P0);
        int leader = 0;
        _journal.BeforeFlush = () => leader = Environment.CurrentManagedThreadId;
        var grains = new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler;
        (Task<Answer> put, int caller) = await Task.Factory.StartNew(
            () => (loop.ExecuteAsync(Put("a", "1"), CancellationToken.None), Environment.CurrentManagedThreadId),
            CancellationToken.None, TaskCreationOptions.None, grains);
        await Answered<KeyWritten>(put);
        Assert.NotEqual(caller, leader);
    }

    [Fact]
    public async Task A_flush_that_throws_ends_its_partitions_and_no_others()
    {
        PartitionLoop broken = await _world.OpenAsync(P0);
        PartitionLoop other = await _world.OpenAsync(P1);
        _journal.BeforeFlush = () =>
        {
            _journal.BeforeFlush = null;
            throw new IOException("It broke.");
        };
        Assert.True((await Answered<NotOwner>(broken, Put("a", "1"))).MayHaveHappened);
        Assert.Equal(LoopEndReason.Undecided, (await Ended(broken)).Reason);
        await Answered<KeyWritten>(other, Put("a", "1"));
    }

    [Fact]
    public async Task Partitions_that_have_something_during_a_flush_share_the_next_one()
    {
        PartitionLoop first = await _world.OpenAsync(P0);
        PartitionLoop[] others =
        [
            .. await Task.WhenAll(Enumerable.Range(1, 7).Select(i => _world.OpenAsync(new PartitionId((uint)i))))
        ];
        using var begun = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        int before = _journal.Flushes.Length;
        _journal.BeforeFlush = () =>
        {
            _journal.BeforeFlush = null;
            begun.Set();
            Assert.True(go.Wait(_deadline));
        };
        Task<KeyWritten> held = Task.Run(() => Answered<KeyWritten>(first, Put("a", "0")));
        Assert.True(begun.Wait(_deadline));
        Task<Answer>[] rest = [.. others.SelectMany(o => Enumerable.Range(0, 5).Select(
            i => o.ExecuteAsync(Put($"{i}", "1"), CancellationToken.None)))];
        Assert.All(rest, r => Assert.False(r.IsCompleted));
        go.Set();
        await held;
        Assert.All(await Task.WhenAll(rest).WaitAsync(_deadline), a => Assert.IsType<KeyWritten>(a));
        Assert.Equal([1, 7], _journal.Flushes[before..]);
    }

    [Trait("Rule", "3")]
    [Fact]
    public async Task Many_callers_lose_nothing_and_each_flush_has_a_partition_once()
    {
        PartitionLoop[] loops =
        [
            .. await Task.WhenAll(Enumerable.Range(0, 8).Select(i => _world.OpenAsync(new PartitionId((uint)i))))
        ];
        await Task.WhenAll(Enumerable.Range(0, 32).Select(caller => Task.Run(async () =>
        {
            for (int i = 0; i < 200; i++)
            {
                PartitionLoop loop = loops[(caller + i) % loops.Length];
                await Answered<KeyWritten>(loop, Put($"{caller}", $"{i}"));
                Assert.Equal(
                    $"{i}", new Utf8Name((await Answered<KeyFound>(loop, Get($"{caller}"))).Entry.Value).ToString());
            }
        })));
        Assert.All(_journal.Flushes, count => Assert.InRange(count, 1, loops.Length));
    }

    [Fact]
    public async Task A_receive_that_waits_is_given_what_comes_in_the_turn_that_made_it_durable()
    {
        PartitionLoop loop = await _world.OpenAsync(P0);
        Task<Answer> receive = loop.ExecuteAsync(
            new Receive
            {
                Service = new ServiceId(1), ServiceName = "s", Node = new Utf8Name("n"),
                MaxMessages = 1, LeaseMs = 10_000, WaitMs = 10_000, MaxAttempts = 2,
            },
            CancellationToken.None);
        Assert.False(receive.IsCompleted);
        await Answered<MessageAccepted>(loop, new SendMessage
        {
            Service = new ServiceId(1), Node = new Utf8Name("n"), Content = MessageContent.Empty, MailboxLimit = 10,
        });
        DeliveryGiven given = await Answered<DeliveryGiven>(receive);
        await Answered<Committed>(loop, new CommitDelivery { Delivery = given.Delivery, BodyHash = 1 });
    }

    [Fact]
    public async Task Who_waits_for_a_delivery_does_not_lead_the_turns_of_others_meanwhile()
    {
        PartitionLoop waits = await _world.OpenAsync(P0);
        PartitionLoop busy = await _world.OpenAsync(P1);
        using var stop = new CancellationTokenSource();
        Task[] load = [.. Enumerable.Range(0, 4).Select(i => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await Answered<KeyWritten>(busy, Put($"{i}", "1"));
            }
        }))];
        var receive = new Receive
        {
            Service = new ServiceId(1), ServiceName = "s", Node = new Utf8Name("n"),
            MaxMessages = 1, LeaseMs = 10_000, WaitMs = 60_000, MaxAttempts = 2,
        };
        bool isAnswered = true;
        await Task.Run(() => { isAnswered = waits.ExecuteAsync(receive, CancellationToken.None).IsCompleted; })
            .WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(isAnswered);
        await stop.CancelAsync();
        await Task.WhenAll(load);
    }

    [Fact]
    public async Task A_wait_ends_by_time_alone()
    {
        PartitionLoop loop = await _world.OpenAsync(P0);
        await Answered<NothingToDeliver>(loop, new Receive
        {
            Service = new ServiceId(1), ServiceName = "s", Node = new Utf8Name("n"),
            MaxMessages = 1, LeaseMs = 10_000, WaitMs = 30, MaxAttempts = 2,
        });
    }

    [Fact]
    public async Task While_a_flush_hangs_callers_are_told_and_afterwards_all_go_on()
    {
        PartitionLoop part = await _world.OpenAsync(P0);
        PartitionLoop none = await _world.OpenAsync(P1);
        using var begun = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        _journal.BeforeFlush = () =>
        {
            _journal.BeforeFlush = null;
            begun.Set();
            Assert.True(go.Wait(_deadline));
        };
        Task<Answer> leads = Task.Run(() => part.ExecuteAsync(Put("a", "1"), CancellationToken.None));
        Assert.True(begun.Wait(_deadline));
        Task<Answer> queued = part.ExecuteAsync(Put("b", "1"), CancellationToken.None);
        Task<Answer> beside = none.ExecuteAsync(Put("c", "1"), CancellationToken.None);
        Assert.False((await Answered<NotOwner>(queued)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(beside)).MayHaveHappened);
        Assert.False((await Answered<NotOwner>(none, Put("d", "1"))).MayHaveHappened);
        go.Set();

        // Whoever leads is told when the flush lets go of its thread: that it may have happened. It has.
        Assert.True((await Answered<NotOwner>(leads)).MayHaveHappened);
        await Until(async () => await part.ExecuteAsync(Put("b", "2"), CancellationToken.None) is KeyWritten);
        await Until(async () => await none.ExecuteAsync(Put("c", "2"), CancellationToken.None) is KeyWritten);
        Assert.Equal("1", new Utf8Name((await Answered<KeyFound>(part, Get("a"))).Entry.Value).ToString());
        await Answered<Refused>(none, Get("d"));
    }

    [Fact]
    public async Task What_the_journal_refuses_is_refused_and_the_next_is_taken()
    {
        PartitionLoop loop = await _world.OpenAsync(P0);
        _journal.Verdict = _ => new AppendOutcome(AppendStatus.Refused, "The disk is full.");
        Assert.Equal(Refusal.NotStored, (await Answered<Refused>(loop, Put("a", "1"))).Code);
        _journal.Verdict = _ => null;
        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(loop, Put("a", "2"))).Version);
    }

    [Fact]
    public async Task An_owner_that_is_fenced_ends_by_a_read_or_a_write_and_so_does_one_whose_end_is_not_known()
    {
        PartitionLoop fenced = await _world.OpenAsync(P0);
        await _world.FenceAsync(P0);
        await Answered<NotOwner>(fenced, new ListKeys { Keyspace = new KeyspaceId(1), Limit = 1 });
        Assert.Equal(LoopEndReason.Fenced, (await Ended(fenced)).Reason);

        PartitionLoop overtaken = await _world.OpenAsync(P0);
        await _world.FenceAsync(P0);
        await Answered<NotOwner>(overtaken, Put("a", "1"));
        Assert.Equal(LoopEndReason.Fenced, (await Ended(overtaken)).Reason);

        PartitionLoop lost = await _world.OpenAsync(P1);
        _journal.Verdict = _ => new AppendOutcome(AppendStatus.Unknown, "The disk failed.");
        Assert.True((await Answered<NotOwner>(lost, Put("a", "1"))).MayHaveHappened);
        Assert.Equal(LoopEndReason.Undecided, (await Ended(lost)).Reason);
    }

    [Fact]
    public async Task A_hand_over_is_a_record_and_a_stop_is_none()
    {
        PartitionLoop loop = await _world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1"));
        Assert.Equal(LoopEndReason.HandedOver, (await loop.HandOverAsync().WaitAsync(_deadline)).Reason);
        Assert.False((await Answered<NotOwner>(loop, Put("a", "2"))).MayHaveHappened);
        PartitionLoop next = await _world.OpenAsync(P0);
        Assert.Equal("1", new Utf8Name((await Answered<KeyFound>(next, Get("a"))).Entry.Value).ToString());
        await next.StopAsync().WaitAsync(_deadline);
        Assert.Equal(LoopEndReason.Stopped, (await Ended(next)).Reason);
    }

    [Fact]
    public async Task Messages_reach_other_partitions_and_a_read_from_the_past_needs_no_turn()
    {
        PartitionLoop from = await _world.OpenAsync(P0);
        PartitionLoop to = await _world.OpenAsync(P1);
        await Answered<MessageAccepted>(from, new SendMessage
        {
            Service = new ServiceId(1), Node = new Utf8Name("n"), Content = MessageContent.Empty, MailboxLimit = 10,
        });
        DeliveryGiven given = await Answered<DeliveryGiven>(from, new Receive
        {
            Service = new ServiceId(1), ServiceName = "s", Node = new Utf8Name("n"), MaxMessages = 1, LeaseMs = 10_000,
            MaxAttempts = 2,
        });
        await Answered<Committed>(from, new CommitDelivery
        {
            Delivery = given.Delivery,
            BodyHash = 1,
            Sends = [new OutgoingMessage
            {
                Partition = P1, Service = new ServiceId(1), Node = new Utf8Name("m"), Content = MessageContent.Empty,
                MailboxLimit = 10,
            }],
        });
        await Until(async () => await to.ExecuteAsync(
            new GetNode { Service = new ServiceId(1), Node = new Utf8Name("m"), Consistency = ReadConsistency.Stale },
            CancellationToken.None) is NodeFound { Node.Waiting: 1 });
    }
}
