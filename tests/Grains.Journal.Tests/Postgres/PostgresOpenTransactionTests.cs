using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Grains.Journal.Postgres;
using Grains.Journal.Postgres.Appends;
using Grains.StateMachines.Ids;
using Npgsql;
using NpgsqlTypes;
using Xunit.Abstractions;

namespace Grains.Journal.Tests.Postgres;

/// <summary>
/// A transaction that stays open elsewhere keeps every version of every row. The work of an append is counted in pages,
/// and its time compared with that of the smallest commit there is, because other programs may use the machine.
/// GRAINS_XMIN_SECONDS lengthens it for a soak.
/// </summary>
public sealed partial class PostgresOpenTransactionTests(ITestOutputHelper output) : PostgresTest
{
    private static readonly double _seconds = double.Parse(
        Environment.GetEnvironmentVariable("GRAINS_XMIN_SECONDS") ?? "4", CultureInfo.InvariantCulture);

    [Fact]
    public async Task A_transaction_that_stays_open_elsewhere_does_not_slow_appends()
    {
        PostgresJournal journal = await OpenAsync();
        Owner[] owners = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(p => Owner.AcquireAsync(journal, new PartitionId((uint)p))));
        TimeSpan window = TimeSpan.FromSeconds(Math.Max(1, _seconds / 4));
        await LoadAsync(owners, window);
        LoadFigures before = await LoadAsync(owners, window);

        NpgsqlConnection other = await ConnectAsync();
        await other.ExecuteAsync("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT txid_current()");
        LoadFigures after = before;
        for (Stopwatch open = Stopwatch.StartNew(); open.Elapsed.TotalSeconds < _seconds;)
        {
            after = await LoadAsync(owners, window);
            output.WriteLine($"figures: open for {open.Elapsed.TotalSeconds:N0} s: {after}");
        }

        output.WriteLine($"figures: before: {before}");
        Assert.True(after.PagesPerAppend <= 1.5 * before.PagesPerAppend, $"{before} became {after}");
        Assert.True(after.AppendsPerCommit > before.AppendsPerCommit / 3, $"{before} became {after}");
    }

    /// <summary>Appends as fast as it goes, with checkpoints and truncation now and then.</summary>
    private async Task<LoadFigures> LoadAsync(Owner[] owners, TimeSpan length)
    {
        NpgsqlConnection yardstick = await ConnectAsync();
        long appends = 0;
        long commits = 0;
        Stopwatch elapsed = Stopwatch.StartNew();
        Task committing = Task.Run(async () =>
        {
            for (; elapsed.Elapsed < length; commits++)
            {
                await yardstick.ExecuteAsync("SELECT pg_logical_emit_message(true, 'yardstick', '')");
            }
        });
        await Task.WhenAll(owners.Select(owner => Task.Run(async () =>
        {
            for (int i = 1; elapsed.Elapsed < length; i++)
            {
                await owner.AppendAsync("some bytes of a record");
                Interlocked.Increment(ref appends);
                if (i % 50 == 0)
                {
                    Assert.True(await owner.CheckpointAsync(null, "state"));
                    Assert.True(await owner.TruncateAsync(owner.Tail.Revision));
                }
            }
        })));
        await committing;
        return new LoadFigures(
            appends / elapsed.Elapsed.TotalSeconds,
            appends / (double)commits,
            await PagesAsync(yardstick, owners),
            await yardstick.ScalarAsync<long>($"SELECT pg_total_relation_size('{Schema}.record')") >> 10,
            await yardstick.ScalarAsync<long>($"SELECT count(*) FROM {Schema}.record"));
    }

    /// <summary>
    /// Pages that the journal's own statement looks at for each partition until it knows whether to write: here it does
    /// not, for the expected chain is wrong.
    /// </summary>
    private async Task<double> PagesAsync(NpgsqlConnection connection, Owner[] owners)
    {
        await connection.ExecuteAsync("SET enable_seqscan = off");
        const NpgsqlDbType bytes = NpgsqlDbType.Array | NpgsqlDbType.Bytea;
        string history = $"FROM {Schema}.partition LIMIT 1";
        await using NpgsqlCommand explain = new("EXPLAIN (ANALYZE, BUFFERS) " + AppendStatement.Sql(Schema), connection)
        {
            Parameters =
            {
                new() { Value = owners.Select(o => (long)o.Partition.Value).ToArray() },
                new() { Value = owners.Select(o => o.Epoch.Value).ToArray() },
                new() { Value = owners.Select(o => o.Tail.Revision.Value).ToArray() },
                new() { Value = owners.Select(_ => Guid.Empty).ToArray() },
                new() { Value = owners.Select(o => o.Tail.Revision.Value + 1).ToArray() },
                new() { Value = owners.Select(_ => 0).ToArray() },
                new() { Value = owners.Select(_ => Guid.Empty).ToArray() },
                new() { NpgsqlDbType = bytes, Value = owners.Select(_ => Array.Empty<byte>()).ToArray() },
                new() { Value = await connection.ScalarAsync<long>($"SELECT system_identifier {history}") },
                new() { Value = await connection.ScalarAsync<long>($"SELECT timeline {history}") },
            },
        };
        await using NpgsqlDataReader lines = await explain.ExecuteReaderAsync();
        string plan = "";
        while (await lines.ReadAsync())
        {
            plan += lines.GetString(0) + "\n";
        }

        Match buffers = Buffers().Match(plan);
        Assert.True(buffers.Success && plan.Contains($"actual time") && plan.Contains("record_pkey"), plan);
        return buffers.Groups.Values.Skip(1).Sum(g => g.Success ? int.Parse(g.Value, CultureInfo.InvariantCulture) : 0)
            / (double)owners.Length;
    }

    [GeneratedRegex(@"Buffers: shared(?: hit=(\d+))?(?: read=(\d+))?")]
    private static partial Regex Buffers();

    private sealed record LoadFigures(
        double AppendsPerSecond, double AppendsPerCommit, double PagesPerAppend, long TableKiB, long Rows)
    {
        public override string ToString() =>
            $"{AppendsPerSecond:N0} appends/s, {AppendsPerCommit:N2} in the time of a commit, "
            + $"{PagesPerAppend:N1} pages each, {TableKiB:N0} KiB for {Rows:N0} rows";
    }
}
