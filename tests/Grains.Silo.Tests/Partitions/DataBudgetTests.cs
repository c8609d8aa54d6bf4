using Grains.Journal.Memory;
using Grains.Silo.Budgets;
using Grains.Silo.Loops;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Keyspaces;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class DataBudgetTests
{
    [Fact]
    public void Many_at_once_reserve_no_more_than_there_is()
    {
        var budget = new DataBudget(new MemoryShares(2_000), new HeapPressure(long.MaxValue));
        long granted = 0;
        Parallel.For(0, 1_000, _ => Interlocked.Add(ref granted, budget.Reserve(7).GrowthBytes));
        Assert.Equal(1_000, granted);
        Assert.Equal(1_000, budget.HeldBytes);
        Assert.Equal(0, budget.Reserve(7).GrowthBytes);
        budget.Settle(-10);
        Assert.Equal(7, budget.Reserve(7).GrowthBytes);
        Assert.Equal(3, budget.Reserve(7).GrowthBytes);
    }

    [Theory]
    [InlineData(938, false)]
    [InlineData(939, true)]
    [InlineData(1_200, true)]
    public void It_is_nearly_used_up_where_less_than_a_sixteenth_is_left(long held, bool expected)
    {
        var budget = new DataBudget(new MemoryShares(2_000), new HeapPressure(long.MaxValue));
        budget.Settle(held);
        Assert.Equal(expected, budget.IsNearlyUsedUp);
    }

    [Fact]
    public void What_others_send_is_taken_further_than_what_grows()
    {
        var budget = new DataBudget(new MemoryShares(8_000), new HeapPressure(long.MaxValue));
        budget.Settle(4_500);
        Assert.Equal(new Room(0, TakesTransfers: true), budget.Reserve(1));
        budget.Settle(600);
        Assert.Equal(new Room(0, TakesTransfers: false), budget.Reserve(1));
    }

    [Fact]
    public void Nothing_grows_while_more_survives_a_collection_than_may()
    {
        GC.Collect();
        Assert.Equal(0, new DataBudget(new MemoryShares(1L << 40), new HeapPressure(1)).Reserve(1).GrowthBytes);
        Assert.Equal(1, new DataBudget(new MemoryShares(1L << 40), new HeapPressure(1L << 40)).Reserve(1).GrowthBytes);
    }

    [Fact]
    public async Task Partitions_of_one_process_share_its_budget_and_a_delete_in_one_makes_room_in_another()
    {
        PartitionWorld world = Within(100_000);
        PartitionLoop first = await world.OpenAsync(P0);
        PartitionLoop second = await world.OpenAsync(P1);
        for (int i = 0; await PutAsync(first, $"k{i}") is KeyWritten; i++)
        {
            Assert.InRange(i, 0, 100);
        }

        Assert.Equal(Refusal.PartitionFull, Assert.IsType<Refused>(await PutAsync(second, "other")).Code);
        await Answered<KeyFound>(first, Get("k0"));
        await Answered<KeyWritten>(first, new DeleteKey { Keyspace = Get("k0").Keyspace, Key = Get("k0").Key });
        await Answered<KeyWritten>(first, new DeleteKey { Keyspace = Get("k1").Keyspace, Key = Get("k1").Key });
        Assert.IsType<KeyWritten>(await PutAsync(second, "other"));
    }

    [Fact]
    public async Task What_an_ended_owner_held_is_given_back_and_what_a_new_one_recovers_counts()
    {
        PartitionWorld world = Within(100_000);
        PartitionLoop loop = await world.OpenAsync(P0);
        Assert.IsType<KeyWritten>(await PutAsync(loop, "a"));
        long held = world.Runtime.Data.HeldBytes;
        Assert.True(held > 1_000, $"{held} bytes are held");
        await loop.StopAsync();
        Assert.Equal(0, world.Runtime.Data.HeldBytes);
        Assert.Equal(0, world.Runtime.Queues.Taken);
        await world.OpenAsync(P0);
        Assert.Equal(held, world.Runtime.Data.HeldBytes);
    }

    [Fact]
    public async Task A_partition_beyond_the_budget_is_recovered_and_read_and_shrinks()
    {
        PartitionWorld large = Within(1_000_000);
        PartitionLoop loop = await large.OpenAsync(P0);
        for (int i = 0; i < 100; i++)
        {
            Assert.IsType<KeyWritten>(await PutAsync(loop, $"k{i}"));
        }

        await loop.StopAsync();
        PartitionWorld small = Within(10_000, large.Disk);
        PartitionLoop again = await small.OpenAsync(P0);
        await Answered<KeyFound>(again, Get("k99"));
        Assert.IsType<Refused>(await PutAsync(again, "more"));
        await Answered<KeyWritten>(again, new DeleteKey { Keyspace = Get("k0").Keyspace, Key = Get("k0").Key });
    }

    [Fact]
    public async Task Commands_wait_in_all_queues_together_up_to_the_share_of_the_process()
    {
        var gate = new Gate(MemoryStep.Append);
        var options = new MemoryJournalOptions { Pause = gate.Pass };
        var world = new PartitionWorld
        {
            Runtime = new PartitionWorld(journal: options).Runtime with { Queues = new ByteShare(5_000) },
        };
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> first = PutAsync(loop, "a");
        await gate.Arrived;
        Task<Answer>[] rest = [.. Enumerable.Range(0, 10).Select(i => PutAsync(loop, $"k{i}"))];
        Refused refused = Assert.IsType<Refused>(await await Task.WhenAny(rest));
        Assert.Equal(Refusal.Overloaded, refused.Code);
        gate.Open();
        await Answered<KeyWritten>(first);
        Assert.Equal(3, (await Task.WhenAll(rest)).Count(a => a is KeyWritten));
        await Until(() => Task.FromResult(world.Runtime.Queues.Taken == 0));
    }

    private static Task<Answer> PutAsync(PartitionLoop loop, string key) =>
        loop.ExecuteAsync(Put(key, new string('x', 1_000)), CancellationToken.None);

    /// <param name="dataBytes">The budget of the process.</param>
    /// <param name="disk">What is stored already.</param>
    private static PartitionWorld Within(long dataBytes, MemoryDisk? disk = null)
    {
        var world = new PartitionWorld(disk);
        return new PartitionWorld(world.Disk)
        {
            Runtime = world.Runtime with
            {
                Data = new DataBudget(new MemoryShares(dataBytes * 2), new HeapPressure(long.MaxValue)),
            },
        };
    }
}
