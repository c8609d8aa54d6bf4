using System.Globalization;
using System.Runtime.CompilerServices;
using Grains.Journal.Postgres;
using Grains.Postgres.Testing;
using Grains.StateMachines.Ids;
using Npgsql;
using Xunit.Abstractions;

namespace Grains.Journal.Tests.Postgres;

/// <summary>Faults under load; GRAINS_CRASHES says how many of each.</summary>
public sealed class PostgresCrashTests(ITestOutputHelper output)
{
    private const int _partitions = 8;

    /// <summary>Most come when the commit is under way already, and change nothing.</summary>
    private const int _cancelsMax = 5_000;
    private static readonly int _crashes = int.Parse(
        Environment.GetEnvironmentVariable("GRAINS_CRASHES") ?? "3", CultureInfo.InvariantCulture);

    [Fact]
    public async Task No_acknowledged_append_is_lost_when_Postgres_is_killed_and_started_again() =>
        await RunAsync(async (server, random) =>
        {
            server.Kill();
            await Task.Delay(random.Next(200));
            await server.StartAgainAsync();
        });

    [Fact]
    public async Task No_acknowledged_append_is_lost_when_one_backend_is_killed_and_all_restart() =>
        await RunAsync(async (server, random) =>
        {
            PostgresServer.Signal("KILL", await AnyBackendAsync(server, random));
            await Eventually.TrueAsync(
                async () =>
                {
                    try
                    {
                        await server.ExecuteAsync("SELECT 1");
                        return true;
                    }
                    catch (NpgsqlException)
                    {
                        return false;
                    }
                },
                "Postgres accepts connections again");
        });

    [Fact]
    public async Task No_acknowledged_append_is_lost_in_a_storm_that_ends_connections() =>
        await RunAsync(async (server, random) =>
        {
            await using NpgsqlConnection connection = await server.ConnectAsync();
            for (int i = 0; i < 20; i++)
            {
                await connection.ExecuteAsync("""
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE application_name LIKE 'grains/%' AND random() < 0.5
                    """);
                await Task.Delay(random.Next(30));
            }
        });

    [Fact]
    public async Task No_acknowledged_append_is_lost_when_commits_are_cancelled_at_random() =>
        await RunAsync(async (server, random, effects) =>
        {
            await using NpgsqlConnection connection = await server.ConnectAsync();
            int before = effects();
            for (int hits = 0; hits < 20 || (effects() == before && hits < _cancelsMax);)
            {
                await Task.Delay(random.Next(5));
                hits += (int)await connection.ScalarAsync<long>("""
                    SELECT count(pg_cancel_backend(pid)) FROM pg_stat_activity
                    WHERE application_name LIKE 'grains/append/%' AND state = 'active'
                    """);
            }
        });

    private static async Task<int> AnyBackendAsync(PostgresServer server, Random random)
    {
        object found = await Eventually.NotNullAsync(
            async () =>
            {
                await using NpgsqlConnection look = await server.ConnectAsync();
                int[] all = await look.ScalarAsync<int[]>("""
                    SELECT coalesce(array_agg(pid), '{}') FROM pg_stat_activity
                    WHERE application_name LIKE 'grains/append/%'
                    """);
                return all.Length > 0 ? (object)all[random.Next(all.Length)] : null;
            },
            "a backend of the journal runs");
        return (int)found;
    }

    private Task RunAsync(Func<PostgresServer, Random, Task> fault, [CallerMemberName] string name = "") =>
        RunAsync((server, random, _) => fault(server, random), name);

    /// <param name="fault">Is told how many appends were undecided or refused so far.</param>
    private async Task RunAsync(
        Func<PostgresServer, Random, Func<int>, Task> fault, [CallerMemberName] string name = "")
    {
        int seed = int.Parse(
            Environment.GetEnvironmentVariable("GRAINS_SEED") ?? $"{Random.Shared.Next()}",
            CultureInfo.InvariantCulture);
        output.WriteLine(
            $"repeat with: GRAINS_SEED={seed} GRAINS_CRASHES={_crashes} dotnet test tests/Grains.Journal.Tests "
            + $"--filter {name}");
        Random random = new(seed);
        await using PostgresServer server = await PostgresServer.StartAsync();
        PostgresJournalOptions options = new() { ConnectionString = server.ConnectionString };
        await using PostgresJournal journal = await PostgresJournal.OpenAsync(options, CancellationToken.None);
        RepeatingOwner[] owners =
            [.. Enumerable.Range(0, _partitions).Select(p => new RepeatingOwner(journal, new PartitionId((uint)p)))];
        using CancellationTokenSource stop = new();
        Task[] running = [.. owners.Select(o => Task.Run(() => o.RunAsync(() => !stop.IsCancellationRequested)))];
        for (int i = 0; i < _crashes; i++)
        {
            int before = owners.Sum(o => o.Acknowledged.Count);
            await Eventually.TrueAsync(
                () => Task.FromResult(owners.Sum(o => o.Acknowledged.Count) > before + 100), "the load goes on");
            await fault(server, random, () => owners.Sum(o => o.Undecided + o.Refused));
        }

        await stop.CancelAsync();
        await Task.WhenAll(running);
        foreach (RepeatingOwner owner in owners)
        {
            await owner.CheckAsync(journal);
        }

        int undecided = owners.Sum(o => o.Undecided);
        output.WriteLine(
            $"figures: {owners.Sum(o => o.Acknowledged.Count)} acknowledged, {undecided} undecided on the way, "
            + $"{owners.Sum(o => o.Refused)} refused, {_crashes} faults");
        Assert.True(undecided + owners.Sum(o => o.Refused) > 0, "No fault met an append: this run shows nothing.");
    }
}
