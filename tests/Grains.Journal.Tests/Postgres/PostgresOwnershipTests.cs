using Grains.Journal.Postgres;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresOwnershipTests : PostgresTest
{
    [Fact]
    public async Task A_statement_held_up_across_takeover_and_truncation_writes_nothing()
    {
        PostgresJournal old = await OpenAsync(Patient);
        PostgresJournal next = await OpenAsync();
        Gate gate = await GateAsync();
        await gate.HoldAsync("late");
        Owner stale = await Owner.AcquireAsync(old, P1, "stale");
        await stale.AppendAsync("x");
        Task<AppendStatus> late = stale.TryAsync(stale.Next("late"));
        await gate.HeldAsync("late");

        // The statement has its snapshot, in which the stale owner is right; all of this comes after it.
        Owner owner = await Owner.AcquireAsync(next, P1, "owner");
        await owner.AppendAsync("y");
        await owner.AppendAsync("z");
        Assert.True(await owner.CheckpointAsync(null, "state"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        await gate.OpenAsync("late");

        Assert.Equal(AppendStatus.Fenced, await late);
        await owner.AppendAsync("goes on");
        Assert.Equal(["r6 e2 goes on"], await next.LinesAsync(P1, from: 6));
    }

    [Fact]
    public async Task What_is_warmed_up_by_several_at_once_leaves_nothing()
    {
        PostgresJournal journal = await OpenAsync();
        PostgresJournal next = await OpenAsync();
        await Task.WhenAll(journal.WarmUpAsync(), next.WarmUpAsync(), journal.WarmUpAsync());
        Assert.Equal(0L, await (await ConnectAsync()).ScalarAsync<long>($"""
            SELECT (SELECT count(*) FROM {Schema}.partition) + (SELECT count(*) FROM {Schema}.checkpoint)
                + (SELECT count(*) FROM {Schema}.record)
            """));
    }

    [Fact]
    public async Task A_repeat_that_arrives_after_its_record_was_forgotten_changes_nothing()
    {
        PostgresJournal journal = await OpenAsync(Patient with { StatementMsMax = 500 });
        PostgresJournal next = await OpenAsync();
        Gate gate = await GateAsync();
        await gate.HoldAsync("twice");
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend twice = owner.Next("twice");
        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(twice));
        await gate.HeldAsync("twice");

        // The first one still has its snapshot; the second one passes, and its record is forgotten.
        await gate.PassAsync("twice");
        await owner.AppendAsync("twice");
        await owner.AppendAsync("more");
        Assert.True(await owner.CheckpointAsync(null, "state"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        await gate.OpenAsync("twice");
        await Eventually.TrueAsync(
            async () => await (await ConnectAsync()).ScalarAsync<long>(
                $"SELECT count(*) FROM {Schema}.record WHERE first = 2") == 1,
            "the first one arrives where nothing stands any more");

        await owner.AppendAsync("goes on");
        Assert.Equal(["r4 e1 goes on"], await next.LinesAsync(P1, from: 4));
        Owner later = await Owner.AcquireAsync(next, P1, "b");
        Assert.Equal(["r4 e1 goes on", "r5 e2 b"], await next.LinesAsync(P1, from: 4));
        Assert.True(await later.CheckpointAsync(null, "state"));
        Assert.True(await later.TruncateAsync(later.Tail.Revision));
        NpgsqlConnection look = await ConnectAsync();
        Assert.Equal(
            "{1,5}",
            await look.ScalarAsync<string>($"SELECT array_agg(first ORDER BY first)::text FROM {Schema}.record"));
    }

    [Fact]
    public async Task A_candidate_paused_in_the_middle_of_its_step_takes_its_turn_and_no_more()
    {
        PostgresJournal paused = await OpenAsync(Patient);
        PostgresJournal other = await OpenAsync();
        Gate gate = await GateAsync();
        Owner first = await Owner.AcquireAsync(other, P1, "first");
        byte[] step = new EpochRecord(0, 1_000, "paused").Encode();
        await gate.HoldAsync(step);

        Task<Owner> pausing = Owner.AcquireAsync(paused, P1, "paused");
        await gate.HeldAsync(step);

        // Until it has taken its step the owner goes on, and whoever comes after it waits.
        await first.AppendAsync("still the owner");
        Task<Owner> waiting = Owner.AcquireAsync(other, P1, "after it");
        await Eventually.TrueAsync(
            async () => await (await ConnectAsync()).ScalarAsync<bool>($"""
                SELECT EXISTS (SELECT FROM pg_stat_activity
                WHERE application_name LIKE 'grains/acquire/%/{Schema}' AND wait_event IN ('tuple', 'transactionid'))
                """),
            "the other candidate waits for the paused one");
        await gate.OpenAsync(step);

        Owner second = await pausing;
        Owner third = await waiting;
        Assert.Equal([new Epoch(2), new Epoch(3)], [second.Epoch, third.Epoch]);
        Assert.Equal(AppendStatus.Fenced, await first.TryAsync(first.Next("x")));
        Assert.Equal(AppendStatus.Fenced, await second.TryAsync(second.Next("x")));
        await third.AppendAsync("x");
        Assert.Equal(
            ["r1 e1 first", "r2 e1 still the owner", "r3 e2 paused", "r4 e3 after it", "r5 e3 x"],
            await other.LinesAsync(P1));
    }

    [Fact]
    public async Task An_acquire_ends_the_append_of_an_older_owner_that_is_in_its_way()
    {
        PostgresJournal old = await OpenAsync(Patient with { AppendConnections = 1 });
        PostgresJournal next = await OpenAsync();
        Gate gate = await GateAsync();
        Owner[] owners = await HoldTogetherAsync(old, gate);

        // One statement: the row of p1 is written and not committed, because that of p2 is held.
        Task<AppendStatus> inTheWay = owners[0].TryAsync(owners[0].Next("in the way"));
        JournalAppend held = owners[1].Next("held");
        Task<AppendStatus> holding = owners[1].TryAsync(held);
        await gate.OpenAsync("first");
        int backend = await gate.HeldAsync("held");
        Owner owner = await Owner.AcquireAsync(next, P1, "next");

        Assert.Equal(AppendStatus.Unknown, await inTheWay);
        Assert.Equal(AppendStatus.Unknown, await holding);
        Assert.Contains(
            Server.LogOf(backend), l => l.Contains("due to administrator command", StringComparison.Ordinal));
        Assert.Equal(AppendStatus.Fenced, await owners[0].TryAsync(owners[0].Next("in the way")));
        await gate.OpenAsync("held");
        Assert.Equal(AppendStatus.Durable, await owners[1].TryAsync(held));
        await owner.AppendAsync("x");
        Assert.Equal(["r1 e1 a", "r2 e2 next", "r3 e2 x"], await next.LinesAsync(P1));
    }

    [Fact]
    public async Task An_acquire_leaves_other_programs_alone_and_says_who_is_in_its_way()
    {
        List<string> log = [];
        PostgresJournal journal = await OpenAsync(Options with { AcquireMsMax = 1_500, Logs = new ListLogger(log) });
        Owner owner = await Owner.AcquireAsync(journal, P1);
        NpgsqlConnection other = await BlockAsync(owner);

        JournalUnavailableException e = await Assert.ThrowsAsync<JournalUnavailableException>(
            () => Owner.AcquireAsync(journal, P1, "b"));

        Assert.Contains("p1", e.Message);
        Assert.Contains(log, l => l.Contains($"process {other.ProcessID} (a test)", StringComparison.Ordinal));
        await other.ExecuteAsync("ROLLBACK");
        Assert.Equal(new Epoch(2), (await Owner.AcquireAsync(journal, P1, "b")).Epoch);
    }

    [Fact]
    public async Task An_acquire_whose_connection_is_ended_is_tried_again()
    {
        PostgresJournal journal = await OpenAsync(Patient);
        Gate gate = await GateAsync();
        byte[] step = new EpochRecord(0, 1_000, "a").Encode();
        await gate.HoldAsync(step);
        Task<Owner> acquiring = Owner.AcquireAsync(journal, P1);
        int backend = await gate.HeldAsync(step);

        await Server.ExecuteAsync($"SELECT pg_terminate_backend({backend})");
        await gate.OpenAsync(step);

        Assert.Equal(new Epoch(1), (await acquiring).Epoch);
        Assert.Equal(["r1 e1 a"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task An_epoch_without_its_record_is_damage_and_not_a_new_beginning()
    {
        PostgresJournal journal = await OpenAsync();
        await Owner.AcquireAsync(journal, P1);
        await Server.ExecuteAsync($"DELETE FROM {Schema}.record");

        JournalDamagedException e =
            await Assert.ThrowsAsync<JournalDamagedException>(() => Owner.AcquireAsync(journal, P1));
        Assert.Contains("its row knows of e1", e.Message);
    }

    /// <summary>
    /// p9 is held on the only connection; what comes now for p1 and p2 will be one statement, held at p2.
    /// </summary>
    private static async Task<Owner[]> HoldTogetherAsync(PostgresJournal journal, Gate gate)
    {
        Owner first = await Owner.AcquireAsync(journal, new(9));
        Owner[] owners = [await Owner.AcquireAsync(journal, P1), await Owner.AcquireAsync(journal, P2)];
        await gate.HoldAsync("first");
        await gate.HoldAsync("held");
        _ = first.TryAsync(first.Next("first"));
        await gate.HeldAsync("first");
        return owners;
    }

    private PostgresJournalOptions Patient => Options with { AppendLockMsMax = 10_000, StatementMsMax = 30_000 };
}
