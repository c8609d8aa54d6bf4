using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class CheckpointTests
{
    private static readonly PartitionOptions _often = new()
    {
        CheckpointBytesMin = 500, CheckpointRetryMs = 1, RepeatPauseMsMin = 1
    };

    [Fact]
    public async Task After_enough_bytes_a_checkpoint_is_written_and_a_recovery_from_it_finds_the_same_state()
    {
        var world = new PartitionWorld(options: _often);
        PartitionLoop loop = await world.OpenAsync(P0);
        await FillAsync(loop, world, rounds: 40);
        KeyPage before = await Answered<KeyPage>(loop, List());
        await loop.StopAsync();

        var next = new PartitionWorld(world.Disk, options: _often);
        KeyPage after = await Answered<KeyPage>(await next.OpenAsync(P0), List());
        Assert.Equal(before.Entries.Select(Text), after.Entries.Select(Text));
        await Assert.ThrowsAsync<JournalTruncatedException>(async () =>
        {
            await foreach (JournalRecord _ in next.Journal.ReadAsync(P0, new Revision(2), CancellationToken.None))
            {
            }
        });
    }

    [Fact]
    public async Task A_checkpoint_that_fails_costs_nothing_and_is_written_later()
    {
        // The step that fails belongs to the journal; the loop sees an exception and goes on.
        var world = new PartitionWorld(options: _often);
        int failures = 0;
        world = new PartitionWorld(world.Disk, options: _often)
        {
            Runtime = world.Runtime with
            {
                Offload = write => failures++ < 3 ? throw new IOException("No space left on device.") : write(),
            },
        };
        PartitionLoop loop = await world.OpenAsync(P0);
        await FillAsync(loop, world, rounds: 40);
        Assert.True(failures > 3);
        Assert.False(loop.Completion.IsCompleted);
    }

    [Fact]
    public async Task A_checkpoint_of_an_owner_that_was_fenced_ends_its_loop()
    {
        var gate = new Gate(MemoryStep.CheckpointChunk);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass }, options: _often);
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("k", new string('x', 1000)));
        await gate.Arrived;
        await world.FenceAsync(P0);
        gate.Open();
        Assert.Equal(LoopEndReason.Fenced, (await Ended(loop)).Reason);
    }

    [Fact]
    public async Task A_partition_that_falls_idle_writes_a_checkpoint_after_a_while_and_lets_its_records_go()
    {
        var world = new PartitionWorld(options: new PartitionOptions { CheckpointAgeMs = 20 });
        PartitionLoop loop = await world.OpenAsync(P0);
        KeyWritten written = await Answered<KeyWritten>(loop, Put("k", "v"));
        await Until(() => Task.FromResult(loop.LastCheckpoint == written.Version));
        Assert.Equal(0, world.Disk.Rows);
        await loop.StopAsync();

        PartitionLoop next = await new PartitionWorld(world.Disk).OpenAsync(P0);
        Assert.Equal(written.Version, (await Answered<KeyFound>(next, Get("k"))).Entry.Version);
    }

    [Fact]
    public async Task A_large_state_is_not_written_again_after_a_while_for_a_few_bytes()
    {
        var world = new PartitionWorld(
            options: new PartitionOptions { CheckpointAgeMs = 1, CheckpointAgeBytesPerMs = 1 });
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("k", new string('x', 900_000)));
        await Task.Delay(100);
        await Answered<KeyFound>(loop, Get("k"));
        Assert.Equal(new Revision(1), Max(loop.LastCheckpoint, new Revision(1)));
        await loop.StopAsync();
    }

    private static Revision Max(Revision a, Revision b) => a > b ? a : b;

    private static async Task FillAsync(PartitionLoop loop, PartitionWorld world, int rounds)
    {
        for (int i = 0; i < rounds; i++)
        {
            await Answered<KeyWritten>(loop, Put($"k{i % 7}", new string('x', 100) + i));
        }

        await Until(async () =>
        {
            await Answered<KeyWritten>(loop, Put("more", new string('y', 100)));
            return await world.Journal.ReadCheckpointAsync(P0, CancellationToken.None) is not null;
        });
        await Until(async () =>
        {
            await Answered<KeyFound>(loop, Get("more"));
            return loop.LastCheckpoint > Revision.None;
        });
    }

    private static ListKeys List() => new() { Keyspace = new KeyspaceId(1), Limit = 100 };

    private static string Text(KeyView key) => $"{key.Key} {key.Version} {key.Created} {new Utf8Name(key.Value)}";
}
