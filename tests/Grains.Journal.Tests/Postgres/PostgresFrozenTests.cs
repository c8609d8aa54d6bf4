using Grains.Journal.Postgres;
using Grains.Postgres.Testing;

namespace Grains.Journal.Tests.Postgres;

public sealed class PostgresFrozenTests : PostgresTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task A_frozen_backend_holds_up_only_the_partitions_of_its_statement(int connections)
    {
        PostgresJournalOptions options = Options with
        {
            AppendConnections = connections,
            AppendLockMsMax = 1_000,
            StatementMsMax = 1_500,
        };
        PostgresJournal journal = await OpenAsync(options);
        PostgresJournal elsewhere = await OpenAsync(Options);
        Gate gate = await GateAsync();
        await gate.HoldAsync("frozen");
        Owner frozen = await Owner.AcquireAsync(journal, P1);
        Owner near = await Owner.AcquireAsync(journal, P2);
        Owner far = await Owner.AcquireAsync(elsewhere, P3);
        JournalAppend append = frozen.Next("frozen");
        Task<AppendStatus> first = frozen.TryAsync(append);
        int backend = await gate.HeldAsync("frozen");

        PostgresServer.Signal("STOP", backend);
        try
        {
            await gate.PassAsync("frozen");
            for (int i = 0; i < 50; i++)
            {
                await far.AppendAsync($"{i}");
            }

            // On the other connection at once; on an only one after its statement is given up.
            if (connections > 1)
            {
                await near.AppendAsync("meanwhile");
                Assert.False(first.IsCompleted);
            }

            Assert.Equal(AppendStatus.Unknown, await first);
            for (int i = 0; i < 50; i++)
            {
                await near.AppendAsync($"{i}");
            }

            // The frozen statement has not written its row: the repeat does.
            Assert.Equal(AppendStatus.Durable, await frozen.TryAsync(append));
        }
        finally
        {
            PostgresServer.Signal("CONT", backend);
        }

        Assert.Equal(["r1 e1 a", "r2 e1 frozen"], await journal.LinesAsync(P1));
    }

    [Fact]
    public async Task A_frozen_backend_that_has_written_its_row_keeps_its_partition_and_no_other()
    {
        PostgresJournalOptions options =
            Options with { AppendConnections = 1, StatementMsMax = 1_500, BlockedMsMax = 500 };
        PostgresJournal journal = await OpenAsync(options);
        Gate gate = await GateAsync();
        Owner first = await Owner.AcquireAsync(journal, new(9));
        Owner written = await Owner.AcquireAsync(journal, P1);
        Owner held = await Owner.AcquireAsync(journal, P2);
        Owner unrelated = await Owner.AcquireAsync(journal, P3);
        await gate.HoldAsync("first");
        await gate.HoldAsync("held");
        Task<AppendStatus> before = first.TryAsync(first.Next("first"));
        await gate.HeldAsync("first");

        // One statement: p1's row is written and not committed, p2's is held.
        JournalAppend kept = written.Next("kept");
        Task<AppendStatus>[] together = [written.TryAsync(kept), held.TryAsync(held.Next("held"))];
        await gate.OpenAsync("first");
        int backend = await gate.HeldAsync("held");
        PostgresServer.Signal("STOP", backend);
        try
        {
            Assert.All(await Task.WhenAll(together), s => Assert.Equal(AppendStatus.Unknown, s));
            Assert.NotEqual(AppendStatus.Fenced, await before);
            Task<AppendStatus> repeated = written.TryAsync(kept);
            for (int i = 0; i < 50; i++)
            {
                await unrelated.AppendAsync($"{i}");
            }

            Assert.Equal(AppendStatus.Refused, await repeated);
        }
        finally
        {
            PostgresServer.Signal("CONT", backend);
        }

        await gate.OpenAsync("held");
        await Eventually.TrueAsync(
            async () => await written.TryAsync(kept) == AppendStatus.Durable, "the append is decided by repeating it");
        Assert.Equal(["r1 e1 a", "r2 e1 kept"], await journal.LinesAsync(P1));
    }
}
