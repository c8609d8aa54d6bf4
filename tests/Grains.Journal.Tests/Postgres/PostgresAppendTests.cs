using Grains.Journal.Postgres;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresAppendTests : PostgresTest
{
    [Fact]
    public async Task Appends_that_wait_together_are_one_statement()
    {
        Gate gate = await GateAsync();
        PostgresJournal journal = await OpenAsync(Patient(connections: 1));
        Owner[] owners = await AcquireAsync(journal, P1, P2, P3);

        await gate.HoldAsync("first");
        Task<AppendStatus> first = owners[0].TryAsync(owners[0].Next("first"));
        await gate.HeldAsync("first");
        Task<AppendStatus>[] waiting = [.. owners.Skip(1).Select(o => o.TryAsync(o.Next("together")))];
        await gate.OpenAsync("first");

        Assert.Equal(AppendStatus.Durable, await first);
        Assert.All(await Task.WhenAll(waiting), s => Assert.Equal(AppendStatus.Durable, s));
        NpgsqlConnection look = await ConnectAsync();
        Assert.Equal(2L, await look.ScalarAsync<long>(
            $"SELECT count(DISTINCT xmin::text) FROM {Schema}.record WHERE kind = 1"));
    }

    [Fact]
    public async Task A_row_that_Postgres_does_not_take_fails_alone()
    {
        Gate gate = await GateAsync();
        await gate.FailAsync("bad");
        (Task<AppendOutcome> bad, Task<AppendOutcome>[] good) =
            await TogetherAsync(gate, Patient(connections: 1), "bad");

        AppendOutcome outcome = await bad;
        Assert.Equal(AppendStatus.Refused, outcome.Status);
        Assert.Contains("planned (22000)", outcome.Reason);
        Assert.Contains("p2", outcome.Reason);
        Assert.All(await Task.WhenAll(good), o => Assert.Equal(AppendStatus.Durable, o.Status));
    }

    [Fact]
    public async Task A_blocked_partition_fails_alone_and_holds_up_nobody()
    {
        Gate gate = await GateAsync();
        PostgresJournalOptions options =
            Options with { AppendConnections = 1, AppendLockMsMax = 2_000, BlockedMsMax = 2_500 };
        NpgsqlConnection? blocker = null;
        (Task<AppendOutcome> blocked, Task<AppendOutcome>[] good) = await TogetherAsync(
            gate, options, "blocked", async owner => blocker = await BlockAsync(owner));

        Assert.All(await Task.WhenAll(good), o => Assert.Equal(AppendStatus.Durable, o.Status));
        AppendOutcome outcome = await blocked;
        Assert.Equal(AppendStatus.Refused, outcome.Status);
        Assert.Contains("55P03", outcome.Reason);

        // Nothing was written, so the same revision is free once the other is gone.
        await blocker!.ExecuteAsync("ROLLBACK");
        Assert.Equal(AppendStatus.Durable, await _together[1].TryAsync(_together[1].Next("later")));
    }

    [Fact]
    public async Task While_a_partition_is_blocked_others_go_on_at_their_speed()
    {
        PostgresJournal journal = await OpenAsync(Options with { BlockedMsMax = 10_000, AppendConnections = 1 });
        Owner[] owners = await AcquireAsync(journal, P1, P2);
        NpgsqlConnection blocker = await BlockAsync(owners[0]);

        Task<AppendStatus> blocked = owners[0].TryAsync(owners[0].Next("blocked"));
        for (int i = 0; i < 200; i++)
        {
            await owners[1].AppendAsync($"{i}");
        }

        Assert.False(blocked.IsCompleted);
        await blocker.ExecuteAsync("ROLLBACK");
        Assert.Equal(AppendStatus.Durable, await blocked);
    }

    [Fact]
    public async Task A_deadlock_costs_nobody_but_those_in_it()
    {
        Gate gate = await GateAsync();

        // The journal's side looks for a deadlock when there is one, the other side never: so the journal's is ended.
        PostgresJournalOptions options = Patient(connections: 1) with
        {
            ConnectionString = Options.ConnectionString + ";Options=-c deadlock_timeout=2s",
            AppendLockMsMax = 3_500,
            BlockedMsMax = 60_000,
        };
        NpgsqlConnection? other = null;
        (Task<AppendOutcome> second, Task<AppendOutcome>[] good) =
            await TogetherAsync(gate, options, "second", async owner =>
        {
            other = await ConnectAsync();
            await other.ExecuteAsync("SET deadlock_timeout = '60s'; BEGIN");
            await TakeNextAsync(other, owner);
        });

        // The shared statement has written p1 and waits for the other at p2; now the other waits for it at p1.
        NpgsqlConnection look = await ConnectAsync();
        int[] backends = await Eventually.NotNullAsync(
            async () => await look.ScalarAsync<int[]?>($"""
                SELECT array_agg(pid) FROM pg_stat_activity
                WHERE application_name LIKE '%/{Schema}' AND wait_event = 'transactionid'
                """),
            "the shared statement waits for the other");
        await TakeNextAsync(other!, _together[0]);

        Assert.Equal(AppendStatus.Durable, (await good[1]).Status);
        Assert.False(second.IsCompleted);
        await other!.ExecuteAsync("ROLLBACK");
        Assert.Equal(AppendStatus.Durable, (await good[0]).Status);
        Assert.Equal(AppendStatus.Durable, (await second).Status);
        Assert.Contains(
            Server.LogOf(Assert.Single(backends)),
            line => line.Contains("deadlock detected", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_statement_without_an_answer_is_left_alone_and_never_cancelled()
    {
        Gate gate = await GateAsync();
        await gate.HoldAsync("slow");
        PostgresJournal journal = await OpenAsync(Patient(connections: 1) with { StatementMsMax = 300 });
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend slow = owner.Next("slow");

        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(slow));

        // The statement is still at work, on a connection that is not used again.
        int backend = await gate.HeldAsync("slow");
        Owner unrelated = await Owner.AcquireAsync(journal, P2);
        await unrelated.AppendAsync("goes on");
        Assert.Equal(backend, await gate.HeldAsync("slow"));
        NpgsqlConnection look = await ConnectAsync();
        Assert.Equal(
            "active", await look.ScalarAsync<string>($"SELECT state FROM pg_stat_activity WHERE pid = {backend}"));
        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(slow));

        await gate.OpenAsync("slow");
        await Eventually.TrueAsync(
            async () => await owner.TryAsync(slow) == AppendStatus.Durable, "the append is decided by repeating it");
        await Eventually.TrueAsync(
            async () =>
                await look.ScalarAsync<long>($"SELECT count(*) FROM pg_stat_activity WHERE pid = {backend}") == 0,
            "the connection that was given up is closed");
        Assert.Equal(["r1 e1 a", "r2 e1 slow"], await journal.LinesAsync(P1));
        Assert.DoesNotContain(Server.LogOf(backend), line => line.Contains("canceling", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_statement_ended_by_a_cancel_from_outside_wrote_nothing()
    {
        Gate gate = await GateAsync();
        await gate.HoldAsync("slow");
        PostgresJournal journal = await OpenAsync(Patient(connections: 1));
        Owner owner = await Owner.AcquireAsync(journal, P1);
        Task<AppendStatus> slow = owner.TryAsync(owner.Next("slow"));
        int backend = await gate.HeldAsync("slow");

        await Server.ExecuteAsync($"SELECT pg_cancel_backend({backend})");

        Assert.Equal(AppendStatus.Refused, await slow);
        await owner.AppendAsync("next");
        Assert.Equal(["r1 e1 a", "r2 e1 next"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task An_append_with_a_warning_is_unknown_until_it_is_repeated()
    {
        Gate gate = await GateAsync();
        await gate.WarnAsync("doubtful");
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend doubtful = owner.Next("doubtful");

        AppendOutcome outcome = await journal.AppendAsync(doubtful, CancellationToken.None);
        Assert.Equal(AppendStatus.Unknown, outcome.Status);
        Assert.Contains("Postgres warned: planned", outcome.Reason);
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(doubtful));
        Assert.Equal(["r1 e1 a", "r2 e1 doubtful"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task A_backend_ended_in_the_middle_of_an_append_leaves_it_unknown_and_a_repeat_decides()
    {
        Gate gate = await GateAsync();
        await gate.HoldAsync("slow");
        PostgresJournal journal = await OpenAsync(Patient(connections: 1));
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend slow = owner.Next("slow");
        Task<AppendStatus> first = owner.TryAsync(slow);
        int backend = await gate.HeldAsync("slow");

        await Server.ExecuteAsync($"SELECT pg_terminate_backend({backend})");

        Assert.Equal(AppendStatus.Unknown, await first);
        await gate.OpenAsync("slow");
        Assert.Equal(AppendStatus.Durable, await owner.TryAsync(slow));
        Assert.Equal(["r1 e1 a", "r2 e1 slow"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task A_full_queue_refuses_the_next_append()
    {
        Gate gate = await GateAsync();
        PostgresJournal journal = await OpenAsync(Patient(connections: 1) with { QueuedAppendsMax = 1 });
        Owner[] owners = await AcquireAsync(journal, P1, P2, P3);
        await gate.HoldAsync("first");
        Task<AppendStatus> held = owners[0].TryAsync(owners[0].Next("first"));
        await gate.HeldAsync("first");
        Task<AppendStatus> queued = owners[1].TryAsync(owners[1].Next("queued"));

        AppendOutcome outcome = await journal.AppendAsync(owners[2].Next("too many"), CancellationToken.None);
        Assert.Equal(AppendStatus.Refused, outcome.Status);
        Assert.Contains("QueuedAppendsMax", outcome.Reason);
        await gate.OpenAsync("first");
        Assert.Equal(AppendStatus.Durable, await held);
        Assert.Equal(AppendStatus.Durable, await queued);
    }

    private Owner[] _together = [];

    /// <summary>
    /// While p9 is held on the only connection, p1, p2 and p3 come to wait; then they are sent together. p2 has the
    /// payload under test.
    /// </summary>
    private async Task<(Task<AppendOutcome> P2, Task<AppendOutcome>[] P1AndP3)> TogetherAsync(
        Gate gate, PostgresJournalOptions options, string payload, Func<Owner, Task>? before = null)
    {
        PostgresJournal journal = await OpenAsync(options);
        Owner first = await Owner.AcquireAsync(journal, new(9));
        _together = await AcquireAsync(journal, P1, P2, P3);
        await (before?.Invoke(_together[1]) ?? Task.CompletedTask);
        await gate.HoldAsync("first");
        Task<AppendStatus> held = first.TryAsync(first.Next("first"));
        await gate.HeldAsync("first");
        Task<AppendOutcome>[] all =
        [
            .. _together.Select(o => journal.AppendAsync(
                o.Next(o.Partition == P2 ? payload : "good"), CancellationToken.None).AsTask()),
        ];
        await gate.OpenAsync("first");
        Assert.Equal(AppendStatus.Durable, await held);
        return (all[1], [all[0], all[2]]);
    }

    private PostgresJournalOptions Patient(int connections) =>
        Options with { AppendConnections = connections, AppendLockMsMax = 10_000, StatementMsMax = 30_000 };

    private static async Task<Owner[]> AcquireAsync(
        IJournal journal, params StateMachines.Ids.PartitionId[] partitions) =>
        await Task.WhenAll(partitions.Select(p => Owner.AcquireAsync(journal, p)));
}
