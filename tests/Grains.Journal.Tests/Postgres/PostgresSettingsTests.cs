using System.Diagnostics;
using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Tests.Postgres;

/// <summary>What a Postgres of a test's own must be like; each starts one.</summary>
public sealed class PostgresSettingsTests
{
    private static readonly PartitionId _p = new(1);

    [Theory]
    [InlineData("fsync")]
    [InlineData("full_page_writes")]
    public async Task A_Postgres_that_may_lose_what_it_confirms_is_refused_unless_allowed(string setting)
    {
        await using PostgresServer server = await StartAsync($"{setting} = off");

        JournalUnavailableException e = await Assert.ThrowsAsync<JournalUnavailableException>(() => OpenAsync(server));
        Assert.Contains($"{setting}=off", e.Message);
        Assert.Contains("--allow-lossy", e.Message);

        await using PostgresJournal journal = await OpenAsync(server, o => o with { AllowLossy = true });
        Assert.Contains($"WITH {setting}=off: A CRASH OR A POWER CUT LOSES ANSWERED WRITES", journal.Durability);
        await (await Owner.AcquireAsync(journal, _p)).AppendAsync("x");
    }

    [Fact]
    public async Task A_default_of_asynchronous_commits_or_short_statements_does_not_hold_for_the_journal()
    {
        await using PostgresServer server = await StartAsync(
            "synchronous_commit = off", "statement_timeout = '200ms'", "client_min_messages = error",
            "default_transaction_isolation = serializable");
        await using PostgresJournal journal = await OpenAsync(server);
        Owner owner = await Owner.AcquireAsync(journal, _p);
        await using Gate gate = await Gate.BuildAsync(server, "grains");
        await gate.HoldAsync("slow");
        await gate.WarnAsync("doubtful");

        Assert.EndsWith("flushed by it before every answer", journal.Durability);
        Task<AppendStatus> slow = owner.TryAsync(owner.Next("slow"));
        await gate.HeldAsync("slow");
        await Task.Delay(400);
        Assert.False(slow.IsCompleted);
        await gate.OpenAsync("slow");
        Assert.Equal(AppendStatus.Durable, await slow);
        Owner next = await Owner.AcquireAsync(journal, _p);
        Assert.Equal(AppendStatus.Unknown, await next.TryAsync(next.Next("doubtful")));
    }

    [Fact]
    public async Task A_standby_is_refused_in_words()
    {
        await using PostgresServer server = await StartAsync();
        await (await OpenAsync(server)).DisposeAsync();
        await server.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(server.DataFolder, "standby.signal"), "");
        await server.StartAgainAsync();

        JournalUnavailableException e = await Assert.ThrowsAsync<JournalUnavailableException>(() => OpenAsync(server));
        Assert.Contains("is a standby", e.Message);
    }

    [Fact]
    public async Task Asynchronous_standbys_are_warned_of_and_printed()
    {
        await using PostgresServer server = await StartAsync();
        string folder = Directory.CreateTempSubdirectory("grains-wal-").FullName;
        using Process standby = Process.Start(
            PostgresPrograms.Path("pg_receivewal"),
            ["-D", folder, "-h", "127.0.0.1", "-p", $"{server.Port}", "-U", "postgres", "-s", "1"]);
        try
        {
            await Eventually.TrueAsync(
                async () =>
                {
                    await using Npgsql.NpgsqlConnection look = await server.ConnectAsync();
                    return await look.ScalarAsync<long>("SELECT count(*) FROM pg_stat_replication") == 1;
                },
                "the standby is connected");
            List<string> log = [];
            await using PostgresJournal journal = await OpenAsync(server, o => o with { Logs = new ListLogger(log) });

            Assert.Contains(
                log, l => l.StartsWith("Warning", StringComparison.Ordinal) && l.Contains("1 asynchronous standbys"));
            Assert.Contains("PROMOTING ONE LOSES ANSWERED WRITES", journal.Durability);
        }
        finally
        {
            standby.Kill();
            await standby.WaitForExitAsync();
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task A_wait_for_a_synchronous_standby_that_is_cut_short_is_not_durable_until_the_standby_has_it()
    {
        await using PostgresServer server = await StartAsync();
        await using PostgresJournal journal = await OpenAsync(
            server, o => o with { StatementMsMax = 1_000, AppendConnections = 1 });
        Owner owner = await Owner.AcquireAsync(journal, _p);
        await SetStandbysAsync(server, "nobody");
        JournalAppend append = owner.Next("x");

        Task<AppendOutcome> waiting = journal.AppendAsync(append, CancellationToken.None).AsTask();
        await using Npgsql.NpgsqlConnection look = await server.ConnectAsync();
        await Eventually.TrueAsync(
            async () => await look.ScalarAsync<bool>(
                "SELECT bool_or(pg_cancel_backend(pid)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"),
            "the commit waits for the standby, and the wait is cancelled");

        // Postgres has reported success, with a warning; and everybody can see the row.
        AppendOutcome first = await waiting;
        Assert.Equal(AppendStatus.Unknown, first.Status);
        Assert.Contains("canceling wait for synchronous replication", first.Reason);
        Assert.Equal(2L, await look.ScalarAsync<long>("SELECT count(*) FROM grains.record"));
        Assert.Equal(AppendStatus.Unknown, await owner.TryAsync(append));

        // Nor does a server that its standbys have left confirm anything: they may have a new primary.
        await Assert.ThrowsAsync<JournalUnavailableException>(() => owner.ConfirmAsync());

        await SetStandbysAsync(server, "");
        await Eventually.TrueAsync(
            async () => await owner.TryAsync(append) == AppendStatus.Durable, "the append is decided by repeating it");
        Assert.True(await owner.ConfirmAsync());
        Assert.Equal(["r1 e1 a", "r2 e1 x"], await journal.LinesAsync(_p));
    }

    private static Task<PostgresServer> StartAsync(params string[] settings) =>
        PostgresServer.StartAsync(new PostgresServerOptions { Settings = settings });

    private static Task<PostgresJournal> OpenAsync(
        PostgresServer server, Func<PostgresJournalOptions, PostgresJournalOptions>? with = null)
    {
        PostgresJournalOptions options = new() { ConnectionString = server.ConnectionString, Server = "a-server" };
        return PostgresJournal.OpenAsync(with?.Invoke(options) ?? options, CancellationToken.None);
    }

    private static async Task SetStandbysAsync(PostgresServer server, string names)
    {
        await using Npgsql.NpgsqlConnection connection = await server.ConnectAsync();
        await connection.ExecuteAsync($"ALTER SYSTEM SET synchronous_standby_names = '{names}'");
        await connection.ExecuteAsync("SELECT pg_reload_conf()");
        await Eventually.TrueAsync(
            async () => await connection.ScalarAsync<string>("SHOW synchronous_standby_names") == names,
            "the setting is in force");
    }
}
