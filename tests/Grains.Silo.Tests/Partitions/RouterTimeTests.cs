using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Partitions;
using Grains.Silo.Routing;
using Grains.StateMachines.Batches;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

/// <summary>A call through a router ends in its time, whatever it meets, and says what is known.</summary>
public sealed class RouterTimeTests
{
    private static readonly RouterOptions _options = new() { DeadlineMs = 2_000 };
    private readonly JumpingTime _time = new();
    private readonly LocalPartitions _local = new();

    [Fact]
    public async Task While_nobody_may_have_partitions_a_call_ends_at_its_deadline_and_nothing_was_done()
    {
        PartitionUnavailableException e = await Assert.ThrowsAsync<PartitionUnavailableException>(
            async () => await NewRouter().ExecuteAsync(P0, Put("a", "1"), default));
        Assert.True(e.OutcomeKnown);
        Assert.InRange(_time.Elapsed.TotalMilliseconds, _options.DeadlineMs / 2, _options.DeadlineMs);
    }

    [Fact]
    public async Task An_attempt_that_may_have_happened_is_not_forgotten_by_the_attempts_after_it()
    {
        // Its loop ends with the write undecided; nobody has the partition after that.
        var faults = Grains.Journal.Memory.MemoryFaults.Planned();
        for (int i = 0; i < 100; i++)
        {
            faults.Plan(Grains.Journal.Memory.MemoryStep.Append, Grains.Journal.Memory.MemoryFault.UnknownNotWritten);
        }

        var world = new PartitionWorld(
            journal: new Grains.Journal.Memory.MemoryJournalOptions { Faults = faults },
            options: new PartitionOptions { UndecidedMsMax = 50, RepeatPauseMsMin = 1 });
        PartitionLoop loop = await world.OpenAsync(P0);
        _local.Add(loop);
        Task<Answer> answer = NewRouter().ExecuteAsync(P0, Put("a", "1"), default).AsTask();
        await Ended(loop);
        PartitionUnavailableException e = await Assert.ThrowsAsync<PartitionUnavailableException>(() => answer);
        Assert.False(e.OutcomeKnown);
    }

    private PartitionRouter NewRouter() => new(
        null!, _local, new PlayedCluster(2).Owners, new PartitionReadiness(new ClusterSettingsView()), _options, _time);
}
