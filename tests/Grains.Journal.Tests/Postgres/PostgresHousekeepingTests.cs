using Grains.Journal.Postgres;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresHousekeepingTests : PostgresTest
{
    [Fact]
    public async Task Truncation_leaves_the_epoch_records_and_the_newest_record_alone()
    {
        PostgresJournal journal = await OpenAsync();
        for (int i = 0; i < 3; i++)
        {
            Owner owner = await Owner.AcquireAsync(journal, P1);
            await owner.AppendAsync("x", count: 2);
            await owner.AppendAsync("y");
            Assert.True(await owner.CheckpointAsync(null, "state"));
            Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        }

        Assert.Equal("{1,5,9,12}", await TextAsync("SELECT array_agg(first ORDER BY first)::text FROM {0}.record"));
    }

    [Fact]
    public async Task Truncation_takes_nothing_that_comes_after_what_is_forgotten()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        JournalTail forgotten = owner.Tail;
        Assert.True(await owner.CheckpointAsync(null, "state"));
        await owner.AppendAsync("y");
        await owner.AppendAsync("z");

        Assert.True(await owner.TruncateAsync(forgotten.Revision));
        Assert.Equal("{1,3,4}", await TextAsync("SELECT array_agg(first ORDER BY first)::text FROM {0}.record"));
    }

    [Fact]
    public async Task Deleting_goes_on_in_small_statements_until_nothing_is_left_to_delete()
    {
        PostgresJournal journal = await OpenAsync(Options with { DeleteBytesMax = 64 << 10 });
        Owner owner = await Owner.AcquireAsync(journal, P1);
        string payload = new('x', 50 << 10);
        for (int i = 0; i < 20; i++)
        {
            await owner.AppendAsync(payload);
        }

        Assert.True(await owner.CheckpointAsync(null, [.. Enumerable.Repeat(payload, 10)]));
        await owner.AppendAsync("more");
        Assert.True(await owner.CheckpointAsync(null, "state"));
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));

        Assert.Equal("{1,22}", await TextAsync("SELECT array_agg(first ORDER BY first)::text FROM {0}.record"));
        Assert.Equal("1", await TextAsync("SELECT count(*)::text FROM {0}.checkpoint_chunk"));
    }

    [Fact]
    public async Task A_row_that_somebody_locks_is_deleted_by_a_later_truncation()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        await owner.AppendAsync("y");
        await owner.CheckpointAsync(null, "state");
        NpgsqlConnection other = await ConnectAsync();
        await other.ExecuteAsync($"BEGIN; SELECT FROM {Schema}.record FOR UPDATE");

        Assert.True(await owner.TruncateAsync(owner.Tail.Revision).WaitAsync(TimeSpan.FromSeconds(5)));
        await owner.AppendAsync("meanwhile");
        Assert.Equal("{1,2,3,4}", await TextAsync("SELECT array_agg(first ORDER BY first)::text FROM {0}.record"));

        await other.ExecuteAsync("ROLLBACK");
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
        Assert.Equal("{1,4}", await TextAsync("SELECT array_agg(first ORDER BY first)::text FROM {0}.record"));
    }

    [Fact]
    public async Task A_locked_partition_row_delays_neither_appends_nor_truncation()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        await owner.CheckpointAsync(null, "state");
        NpgsqlConnection other = await ConnectAsync();
        await other.ExecuteAsync($"BEGIN; SELECT FROM {Schema}.partition FOR UPDATE");

        await owner.AppendAsync("y");
        Assert.True(await owner.ConfirmAsync());
        Assert.True(await owner.TruncateAsync(owner.Tail.Revision).WaitAsync(TimeSpan.FromSeconds(5)));
        await other.ExecuteAsync("ROLLBACK");
        Assert.Equal(3, (await journal.RecordsAsync(P1)).Count);
    }

    [Fact]
    public async Task Leftovers_of_broken_checkpoints_go_with_the_next_and_a_newer_owners_stay()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        await LeaveChunkAsync(owner.Tail.Revision, owner.Epoch);
        await LeaveChunkAsync(owner.Tail.Revision, owner.Epoch.Next);
        await owner.AppendAsync("y");

        Assert.True(await owner.CheckpointAsync(null, "state", "more"));
        Assert.Equal(
            "{1,1,2}", await TextAsync("SELECT array_agg(epoch ORDER BY epoch)::text FROM {0}.checkpoint_chunk"));
        Assert.Equal("r3: state|more", await journal.CheckpointTextAsync(P1));
    }

    [Fact]
    public async Task A_checkpoint_that_fails_takes_its_chunks_with_it()
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);

        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await journal.WriteCheckpointAsync(P1, owner.Epoch, owner.Tail, Chunks(), CancellationToken.None));
        Assert.Equal("0", await TextAsync("SELECT count(*)::text FROM {0}.checkpoint_chunk"));

        static IEnumerable<ReadOnlyMemory<byte>> Chunks()
        {
            yield return "half"u8.ToArray();
            throw new InvalidOperationException("The source failed, as planned.");
        }
    }

    [Theory]
    [InlineData("UPDATE {0}.checkpoint_chunk SET payload = 'stete'", "chunk 0 of its checkpoint")]
    [InlineData("UPDATE {0}.checkpoint_chunk SET number = 3", "it is missing")]
    [InlineData("UPDATE {0}.checkpoint SET chunks = 0", "what names its checkpoint")]
    public async Task A_damaged_checkpoint_is_named(string damage, string expected)
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.CheckpointAsync(null, "state");
        await Server.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, damage, Schema));

        JournalDamagedException e =
            await Assert.ThrowsAsync<JournalDamagedException>(() => journal.CheckpointTextAsync(P1));
        Assert.Contains(expected, e.Message);
    }

    [Theory]
    [InlineData("UPDATE {0}.record SET epoch = 2 WHERE first = 2", "r2")]
    [InlineData("UPDATE {0}.record SET chain = gen_random_uuid() WHERE first = 2", "r2")]
    [InlineData("UPDATE {0}.record SET payload = payload || 'x' WHERE first = 2", "r2")]
    [InlineData("DELETE FROM {0}.record WHERE first = 2", "r2")]
    [InlineData("DELETE FROM {0}.record WHERE first = 1", "r1")]
    public async Task A_damaged_record_is_named(string damage, string revision)
    {
        PostgresJournal journal = await OpenAsync();
        Owner owner = await Owner.AcquireAsync(journal, P1);
        await owner.AppendAsync("x");
        await owner.AppendAsync("y");
        await Server.ExecuteAsync(string.Format(System.Globalization.CultureInfo.InvariantCulture, damage, Schema));

        JournalDamagedException e = await Assert.ThrowsAsync<JournalDamagedException>(() => journal.LinesAsync(P1));
        Assert.Contains($"damaged at revision {revision}:", e.Message);
    }

    private async Task<string> TextAsync(string sql) => await (await ConnectAsync()).ScalarAsync<string>(
        string.Format(System.Globalization.CultureInfo.InvariantCulture, sql, Schema));

    private Task LeaveChunkAsync(Revision at, Epoch epoch) => Server.ExecuteAsync($"""
        INSERT INTO {Schema}.checkpoint_chunk VALUES (1, {at.Value}, {epoch.Value}, gen_random_uuid(), 0, 0, 'left')
        """);
}
