using System.Collections.Concurrent;
using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class PartitionPreloadsTests
{
    private static readonly PartitionId _p2 = new(2);
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(20);

    private readonly ConcurrentQueue<PartitionId> _begun = new();

    [Fact]
    public async Task What_a_server_reads_while_it_starts_is_taken_once_by_who_acquires_it()
    {
        PartitionPreloads preloads = await OnDiskAsync((_, _) => Task.CompletedTask);
        preloads.Begin([P0, P1, _p2], threads: 2);
        foreach (PartitionId partition in (PartitionId[])[_p2, P0, P1])
        {
            await Until(() => Task.FromResult(_begun.Contains(partition)));
            PreloadedPartition? ahead = await preloads.TakeAsync(partition).WaitAsync(_deadline);
            Assert.Equal((new Revision(2), 1), (ahead!.Tail.Revision, ahead.Machine.Statistics.Keys));
            Assert.Null(await preloads.TakeAsync(partition));
        }
    }

    [Fact]
    public async Task One_that_is_taken_before_its_turn_is_left_out_and_one_that_is_being_read_is_waited_for()
    {
        var gate = new Gate(MemoryStep.Read);
        PartitionPreloads preloads = await OnDiskAsync(gate.Pass);
        preloads.Begin([P0, P1, _p2], threads: 1);
        await gate.Arrived;
        Assert.Null(await preloads.TakeAsync(P1).WaitAsync(_deadline));
        Task<PreloadedPartition?> taken = preloads.TakeAsync(P0);
        Assert.False(taken.IsCompleted);
        gate.Open();
        Assert.NotNull(await taken.WaitAsync(_deadline));
        await Until(() => Task.FromResult(_begun.Contains(_p2)));
        Assert.DoesNotContain(P1, _begun);
    }

    [Fact]
    public async Task What_could_not_be_read_ahead_is_left_to_who_acquires_it_and_the_others_are_read()
    {
        PartitionPreloads preloads = await OnDiskAsync((_, partition) =>
            partition == P0 ? Task.FromException(new IOException("The disk says no.")) : Task.CompletedTask);
        preloads.Begin([P0, P1], threads: 1);
        await Until(() => Task.FromResult(_begun.Contains(P1)));
        Assert.Null(await preloads.TakeAsync(P0).WaitAsync(_deadline));
        Assert.NotNull(await preloads.TakeAsync(P1).WaitAsync(_deadline));
    }

    /// <summary>Of a server that has yet to acquire three partitions, with a key in each.</summary>
    private async Task<PartitionPreloads> OnDiskAsync(Func<MemoryStep, PartitionId, Task> pause)
    {
        var options = new MemoryJournalOptions
        {
            Pause = (step, partition) =>
            {
                _begun.Enqueue(partition);
                return pause(step, partition);
            }
        };
        return new PartitionPreloads(new PartitionWorld(await WrittenAsync(), options).Runtime);
    }

    /// <summary>A disk with one key in each of three partitions.</summary>
    private static async Task<MemoryDisk> WrittenAsync()
    {
        var world = new PartitionWorld();
        foreach (PartitionId partition in (PartitionId[])[P0, P1, _p2])
        {
            PartitionLoop loop = await world.OpenAsync(partition);
            await Answered<KeyWritten>(loop, Put("a", "1"));
            await loop.StopAsync();
        }

        return world.Disk;
    }
}
