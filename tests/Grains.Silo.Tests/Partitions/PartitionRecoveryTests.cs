using Grains.Journal;
using Grains.Journal.Memory;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class PartitionRecoveryTests
{
    [Fact]
    public async Task A_newer_owner_that_comes_during_a_recovery_is_not_taken_for_damage()
    {
        var disk = new MemoryDisk();
        int passes = 0;
        var world = new PartitionWorld(disk, new MemoryJournalOptions
        {
            // The second time is after the step, before the first owner is told.
            Pause = async (step, _) =>
            {
                if (step == MemoryStep.Acquire && ++passes == 2)
                {
                    await new MemoryJournal(disk).AcquireAsync(P0, "newer", 0, 1, CancellationToken.None);
                }
            },
        });
        await Assert.ThrowsAsync<JournalUnavailableException>(() => world.OpenAsync(P0));
        await new PartitionWorld(disk).OpenAsync(P0);
    }
}
