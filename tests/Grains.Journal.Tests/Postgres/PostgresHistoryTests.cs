using System.Diagnostics;
using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

/// <summary>Promotions and restores, of servers of a test's own.</summary>
public sealed class PostgresHistoryTests
{
    private static readonly PartitionId _p = new(1);

    [Fact]
    public async Task After_a_promotion_every_older_epoch_is_dead_and_a_new_one_goes_on_above_a_marked_gap()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using PostgresJournal journal = await OpenAsync(server);
        Owner old = await Owner.AcquireAsync(journal, _p, "before");
        await old.AppendAsync("x");
        Assert.True(await old.CheckpointAsync(null, "state"));
        await PromoteAsync(server);

        await Eventually.TrueAsync(
            async () => await old.TryAsync(old.Next("lost")) == AppendStatus.Fenced,
            "the old owner hears that it is none");
        AppendOutcome outcome = await journal.AppendAsync(old.Next("lost"), CancellationToken.None);
        Assert.Contains("the history changed", outcome.Reason);
        Assert.False(await old.ConfirmAsync());

        // What it appended before is still found, and is its last word.
        Assert.Equal(["r1 e1 before", "r2 e1 x"], await journal.LinesAsync(_p));

        Owner now = await Owner.AcquireAsync(journal, _p, "after");
        Assert.Equal(new Revision(3) + HistoryFork.RevisionRaise, now.Tail.Revision);
        Assert.Equal(new Epoch(2 + HistoryFork.EpochRaise), now.Epoch);
        await now.AppendAsync("y");
        List<JournalRecord> records = await journal.RecordsAsync(_p);
        Assert.Equal(1, EpochRecord.Decode(records[2].Payload.Span).Incarnation);
        Assert.Equal(
            [1, 2, 3 + HistoryFork.RevisionRaise, 4 + HistoryFork.RevisionRaise], records.Select(r => r.First.Value));

        // A recovery reads from the revision after its checkpoint: over the gap, which begins there.
        Assert.Equal(2, (await journal.RecordsAsync(_p, from: 3)).Count);
        Assert.True(await now.CheckpointAsync(null, "state"));
        Assert.True(await now.TruncateAsync(now.Tail.Revision));
        await now.AppendAsync("z");
        Owner next = await Owner.AcquireAsync(journal, _p, "next");
        Assert.Equal(now.Epoch.Next, next.Epoch);
        JournalRecord last = (await journal.RecordsAsync(_p, now.Tail.Revision.Value + 1))[0];
        Assert.Equal(1, EpochRecord.Decode(last.Payload.Span).Incarnation);
        Assert.Equal(AppendStatus.Fenced, await old.TryAsync(old.Next("lost")));
    }

    [Fact]
    public async Task A_second_promotion_raises_the_incarnation_again()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using PostgresJournal journal = await OpenAsync(server);
        await Owner.AcquireAsync(journal, _p);
        for (int i = 0; i < 2; i++)
        {
            await PromoteAsync(server);
            await (await Owner.AcquireAsync(journal, _p)).AppendAsync("x");
        }

        long[] incarnations =
        [
            .. (await journal.RecordsAsync(_p)).Where(r => r.Kind == JournalRecordKind.Epoch)
                .Select(r => EpochRecord.Decode(r.Payload.Span).Incarnation),
        ];
        Assert.Equal([0, 1, 2], incarnations);
    }

    [Fact]
    public async Task A_dump_restored_into_another_Postgres_is_another_history()
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using PostgresServer restored = await PostgresServer.StartAsync();
        Owner old;
        JournalAppend last;
        await using (PostgresJournal journal = await OpenAsync(server))
        {
            old = await Owner.AcquireAsync(journal, _p);
            last = await old.AppendAsync("in the backup");
            await RestoreAsync(server, restored);
            await old.AppendAsync("after the backup");
        }

        await using PostgresJournal after = await OpenAsync(restored);
        old = old.On(after);
        Assert.Equal(AppendStatus.Durable, await old.TryAsync(last));
        Assert.Equal(AppendStatus.Fenced, await old.TryAsync(old.Next("x")));
        Assert.False(await old.ConfirmAsync());
        Owner now = await Owner.AcquireAsync(after, _p, "b");
        await now.AppendAsync("goes on");
        Assert.Equal(
            ["r1 e1 a", "r2 e1 in the backup", "r4294967299 e1048578 b", "r4294967300 e1048578 goes on"],
            await after.LinesAsync(_p));
    }

    [Trait("Rule", "4")]
    [Theory]
    [InlineData(2)]
    [InlineData(3 + HistoryFork.RevisionRaise)]
    public async Task No_other_gap_is_read_over(long lost)
    {
        await using PostgresServer server = await PostgresServer.StartAsync();
        await using PostgresJournal journal = await OpenAsync(server);
        await (await Owner.AcquireAsync(journal, _p)).AppendAsync("x");
        await PromoteAsync(server);
        Owner now = await Owner.AcquireAsync(journal, _p);
        await now.AppendAsync("y");
        Assert.Equal(4, (await journal.RecordsAsync(_p)).Count);
        await server.ExecuteAsync($"DELETE FROM grains.record WHERE first = {lost}");

        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => journal.RecordsAsync(_p));
        Assert.Contains("stands where", e.Message);
    }

    [Fact]
    public void A_former_primary_is_not_followed()
    {
        HistoryWatch watch = new();
        Assert.Equal(HistoryVerdict.Same, watch.Observe(new PostgresHistory(7, 2)));
        Assert.Equal(HistoryVerdict.Changed, watch.Observe(new PostgresHistory(7, 3)));
        Assert.Equal(HistoryVerdict.Older, watch.Observe(new PostgresHistory(7, 2)));
        Assert.Equal(new PostgresHistory(7, 3), watch.Current);
        Assert.Equal(HistoryVerdict.Changed, watch.Observe(new PostgresHistory(8, 1)));
    }

    [Theory]
    [InlineData(1, 0, false)]
    [InlineData(HistoryFork.RevisionRaise, 0, false)]
    [InlineData(HistoryFork.RevisionRaise, 1, true)]
    [InlineData(HistoryFork.RevisionRaise, 2, false)]
    [InlineData(HistoryFork.RevisionRaise + 1, 1, false)]
    [InlineData(2 * HistoryFork.RevisionRaise, 1, false)]
    public void Only_an_epoch_record_of_the_next_incarnation_may_leave_the_marked_gap(
        long gap, long incarnation, bool follows)
    {
        Revision before = new(5);
        byte[] payload = new EpochRecord(incarnation, 0, "a").Encode();
        JournalRecord record = new(JournalRecordKind.Epoch, before.Next + gap, 1, new Epoch(2), default, payload);

        Assert.Equal(follows, HistoryFork.Follows(before, 0, record));
        Assert.False(HistoryFork.Follows(before, 0, record with { Kind = JournalRecordKind.Batch }));
        Assert.True(HistoryFork.Follows(before, 0, record with { First = before.Next }));
    }

    private static Task<PostgresJournal> OpenAsync(PostgresServer server) => PostgresJournal.OpenAsync(
        new PostgresJournalOptions { ConnectionString = server.ConnectionString }, CancellationToken.None);

    /// <summary>Comes back as its own standby, and is promoted: the same data on the next timeline.</summary>
    private static async Task PromoteAsync(PostgresServer server)
    {
        await server.StopAsync();
        await File.WriteAllTextAsync(Path.Combine(server.DataFolder, "standby.signal"), "");
        await server.StartAgainAsync();
        await using NpgsqlConnection connection = await server.ConnectAsync();
        Assert.True(await connection.ScalarAsync<bool>("SELECT pg_promote()"));
    }

    private static async Task RestoreAsync(PostgresServer from, PostgresServer to)
    {
        string pipe = $"'{PostgresPrograms.Path("pg_dump")}' -h 127.0.0.1 -p {from.Port} -U postgres -n grains postgres"
            + $" | '{PostgresPrograms.Path("psql")}' -q -v ON_ERROR_STOP=1 -h 127.0.0.1 -p {to.Port} -U postgres";
        using Process process =
            Process.Start(new ProcessStartInfo("/bin/sh", ["-c", pipe]) { RedirectStandardOutput = true })!;
        await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(0, process.ExitCode);
    }
}
