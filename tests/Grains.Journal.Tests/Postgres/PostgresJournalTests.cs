using System.Diagnostics;
using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresJournalTests : PostgresTest
{
    [Fact]
    public async Task Options_are_refused_with_all_their_errors_at_once_and_without_the_password()
    {
        PostgresJournalOptions options = new()
        {
            ConnectionString = "Username=me;Password=secret",
            Schema = "My Schema",
            Server = " ",
            AppendConnections = 0,
            FlushBytesMax = 1,
        };

        string message = (await Assert.ThrowsAsync<ArgumentException>(() => OpenAsync(options))).Message;
        Assert.Contains("name a host", message);
        Assert.Contains("Schema = \"My Schema\": use 1 to 63 of a-z", message);
        Assert.Contains("name the server", message);
        Assert.Contains("AppendConnections = \"0\": use 1 to 16", message);
        Assert.Contains("FlushBytesMax = \"1\": use 65536 to 67108864", message);
        Assert.DoesNotContain("secret", message);
    }

    [Fact]
    public async Task A_Postgres_that_is_not_there_is_named_without_the_password()
    {
        PostgresJournalOptions options = Options with
        {
            ConnectionString = "Host=127.0.0.1;Port=1;Username=me;Password=secret;Database=postgres",
        };

        string message = (await Assert.ThrowsAsync<JournalUnavailableException>(() => OpenAsync(options))).Message;
        Assert.Contains("127.0.0.1:1", message);
        Assert.DoesNotContain("secret", message);
    }

    [Fact]
    public async Task Of_several_hosts_the_primary_is_used()
    {
        await using PostgresServer standby = await PostgresServer.StartAsync();
        await standby.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(standby.DataFolder, "standby.signal"), "");
        await standby.StartAgainAsync();

        PostgresJournal journal = await OpenAsync(Options with
        {
            ConnectionString = $"Host=127.0.0.1:1,127.0.0.1:{standby.Port},127.0.0.1:{Server.Port};"
                + "Username=postgres;Database=postgres",
        });
        await (await Owner.AcquireAsync(journal, P1)).AppendAsync("x");
        NpgsqlConnection look = await ConnectAsync();
        Assert.Equal(2L, await look.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.record"));
    }

    [Fact]
    public async Task The_durability_line_names_the_place()
    {
        PostgresJournal journal = await OpenAsync();

        Assert.Equal(
            $"Postgres at 127.0.0.1:{Server.Port}/postgres, schema {Schema}, flushed by it before every answer",
            journal.Durability);
    }

    [Fact]
    public async Task Connections_say_in_Postgres_what_they_are_for_and_whose()
    {
        PostgresJournal journal =
            await OpenAsync(Options with { Server = "a server with a name that is far too long for Postgres to keep" });
        await (await Owner.AcquireAsync(journal, P1)).AppendAsync("x");

        string[] names = await (await ConnectAsync()).ScalarAsync<string[]>(
            "SELECT array_agg(application_name) FROM pg_stat_activity WHERE application_name LIKE '%/a?server?with%'");
        Assert.Contains(names, n => n.StartsWith("grains/append/", StringComparison.Ordinal));
        Assert.Contains(names, n => n.StartsWith("grains/acquire/", StringComparison.Ordinal));
        Assert.All(names, n => Assert.InRange(n.Length, 1, 63));
    }

    [Fact]
    public async Task Confirmations_of_all_partitions_share_statements()
    {
        PostgresJournal journal = await OpenAsync();
        Owner[] owners = await Task.WhenAll(
            Enumerable.Range(0, 64).Select(p => Owner.AcquireAsync(journal, new PartitionId((uint)p))));
        Stopwatch elapsed = Stopwatch.StartNew();
        int before = journal.ConfirmStatements;
        await Task.WhenAll(owners.Select(o => Task.Run(async () =>
        {
            for (int i = 0; i < 20; i++)
            {
                Assert.True(await o.ConfirmAsync());
            }
        })));

        // 1,280 of them, with 64 waiting at a time; and at most one statement in a millisecond.
        int statements = journal.ConfirmStatements - before;
        Assert.InRange(statements, 20, 640);
        Assert.True(
            statements <= elapsed.Elapsed.TotalMilliseconds + 1, $"{statements} statements in {elapsed.Elapsed}");
    }

    [Fact]
    public async Task A_read_that_a_truncation_overtakes_says_so_and_does_not_call_it_damage()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        for (int i = 0; i < 300; i++)
        {
            await owner.AppendAsync($"{i}");
        }

        await using IAsyncEnumerator<JournalRecord> reading =
            journal.ReadAsync(P1, new Revision(1), CancellationToken.None).GetAsyncEnumerator();
        Assert.True(await reading.MoveNextAsync());
        await owner.CheckpointAsync(null, "state");
        Assert.True(await owner.TruncateAsync(new Revision(250)));

        JournalTruncatedException e = await Assert.ThrowsAsync<JournalTruncatedException>(async () =>
        {
            while (await reading.MoveNextAsync())
            {
            }
        });
        Assert.Equal(new Revision(251), e.Oldest);
    }

    [Fact]
    public async Task A_read_ends_at_what_was_the_tail_when_it_began()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        List<JournalRecord> records = [];
        await foreach (JournalRecord record in journal.ReadAsync(P1, new Revision(1), CancellationToken.None))
        {
            records.Add(record);
            await owner.AppendAsync("more");
        }

        Assert.Equal(2, records.Count);
    }

    [Fact]
    public async Task A_checkpoint_that_is_replaced_while_it_is_read_says_so()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.CheckpointAsync(null, "old", "state");
        StoredCheckpoint stored = (await journal.ReadCheckpointAsync(P1, CancellationToken.None))!;
        await using IAsyncEnumerator<ReadOnlyMemory<byte>> chunks = stored.Chunks.GetAsyncEnumerator();
        Assert.True(await chunks.MoveNextAsync());
        await owner.AppendAsync("x");
        await owner.CheckpointAsync(null, "new");

        JournalUnavailableException e = await Assert.ThrowsAsync<JournalUnavailableException>(
            async () => await chunks.MoveNextAsync());
        Assert.Contains("Read it again", e.Message);
    }

    [Fact]
    public async Task Large_payloads_are_read_in_pages_and_stored_as_they_are()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        string[] payloads = [.. Enumerable.Range(0, 8).Select(i => new string((char)('a' + i), 700 << 10))];
        foreach (string payload in payloads)
        {
            await owner.AppendAsync(payload);
        }

        List<JournalRecord> records = await journal.RecordsAsync(P1);
        Assert.Equal(payloads, records.Skip(1).Select(r => System.Text.Encoding.UTF8.GetString(r.Payload.Span)));

        // They would compress to nothing.
        NpgsqlConnection look = await ConnectAsync();
        Assert.True(await look.ScalarAsync<long>(
            $"SELECT sum(pg_column_size(payload)) FROM {Schema}.record") > 8 * (700 << 10));
    }

    [Fact]
    public async Task Statements_that_never_end_use_up_the_connections_and_no_more()
    {
        PostgresJournal journal = await OpenAsync(Options with
        {
            ConnectionsMax = 8,
            AppendLockMsMax = 10_000,
            StatementMsMax = 200,
            UnsentMsMax = 500,
        });
        Gate gate = await GateAsync();
        await gate.HoldAsync("endless");
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend endless = owner.Next("endless");

        AppendOutcome outcome = await journal.AppendAsync(endless, CancellationToken.None);
        for (int i = 0; i < 20 && outcome.Status == AppendStatus.Unknown; i++)
        {
            outcome = await journal.AppendAsync(endless, CancellationToken.None);
        }

        Assert.Equal(AppendStatus.Refused, outcome.Status);
        Assert.Contains("which is the limit", outcome.Reason);
        NpgsqlConnection look = await ConnectAsync();
        Assert.InRange(
            await look.ScalarAsync<long>(
                $"SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%/{Schema}'"),
            5,
            8);
        await gate.OpenAsync("endless");
        await Eventually.TrueAsync(
            async () => await owner.TryAsync(endless) == AppendStatus.Durable, "the connections are given back");
        Assert.Equal(["r1 e1 a", "r2 e1 endless"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task Without_Postgres_an_append_is_refused_in_time_and_the_journal_can_be_closed()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        PostgresJournal journal = await PostgresJournal.OpenAsync(
            new PostgresJournalOptions
            {
                ConnectionString = server.ConnectionString,
                UnsentMsMax = 300,
                AcquireMsMax = 300,
            },
            CancellationToken.None);
        Owner owner = await Owner.AcquireAsync(journal, P1);
        JournalAppend append = await owner.AppendAsync("x");
        server.Kill();

        // The first one meets the connection that has just been lost.
        AppendStatus first = await owner.TryAsync(owner.Next("y"));
        AppendOutcome second = await journal.AppendAsync(owner.Next("y"), CancellationToken.None);
        Assert.True(first is AppendStatus.Unknown or AppendStatus.Refused);
        Assert.Equal(AppendStatus.Refused, second.Status);
        Assert.Contains("could not be sent within 300 ms", second.Reason);
        await Assert.ThrowsAsync<JournalUnavailableException>(() => owner.ConfirmAsync());
        await Assert.ThrowsAsync<JournalUnavailableException>(() => Owner.AcquireAsync(journal, P1));

        Task<AppendOutcome> waiting = journal.AppendAsync(owner.Next("z"), CancellationToken.None).AsTask();
        await journal.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(AppendStatus.Refused, (await waiting).Status);

        await server.StartAgainAsync();
        await using PostgresJournal after = await PostgresJournal.OpenAsync(
            new PostgresJournalOptions { ConnectionString = server.ConnectionString }, CancellationToken.None);
        Assert.Equal(AppendStatus.Durable, await owner.On(after).TryAsync(append));
        Assert.Equal(2, (await after.RecordsAsync(P1)).Count);
    }
}
