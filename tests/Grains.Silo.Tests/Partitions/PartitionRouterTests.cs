using Grains.Journal.Memory;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Silo.Routing;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Keyspaces;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class PartitionRouterTests
{
    private static readonly MachineLimits _forgetful = new() { RoutersMax = 2 };

    [Fact]
    public async Task A_front_end_with_its_clock_set_back_is_heard_by_a_partition_that_forgot_younger_ones()
    {
        var local = new LocalPartitions();
        local.Add(await OpenAsync(new PartitionWorld()));
        for (int year = 1; year <= 4; year++)
        {
            Assert.IsType<KeyWritten>(
                await RouterAt(local, years: 30 + year).ExecuteAsync(P0, Put("a", $"{year}"), default));
        }

        PartitionRouter late = RouterAt(local, years: 0);
        for (int i = 0; i < 3; i++)
        {
            Assert.IsType<KeyWritten>(await late.ExecuteAsync(P0, Put("a", "late"), default));
        }

        Assert.IsType<KeyWritten>(await RouterAt(local, years: 0).ExecuteAsync(P0, Put("a", "later"), default));
        Assert.IsType<KeyWritten>(await late.ExecuteAsync(P0, Put("a", "last"), default));
    }

    [Fact]
    public async Task A_front_end_that_was_forgotten_because_many_were_born_after_it_is_heard_again()
    {
        var local = new LocalPartitions();
        local.Add(await OpenAsync(new PartitionWorld()));
        PartitionRouter old = RouterAt(local, years: 0);
        Assert.IsType<KeyWritten>(await old.ExecuteAsync(P0, Put("a", "1"), default));
        for (int year = 1; year <= 4; year++)
        {
            Assert.IsType<KeyWritten>(await RouterAt(local, year).ExecuteAsync(P0, Put("a", $"{year}"), default));
        }

        Assert.IsType<KeyWritten>(await old.ExecuteAsync(P0, Put("a", "2"), default));
    }

    [Fact]
    public async Task What_may_have_been_applied_is_not_repeated_under_another_name()
    {
        var local = new LocalPartitions();
        (Task<Answer> answer, PartitionLoop second) = await LoseAsync(
            Put("a", "1"), local, MemoryFaults.Planned().Plan(MemoryStep.Append, MemoryFault.UnknownWritten));
        var apart = new LocalPartitions();
        apart.Add(second);
        for (int year = 1; year <= 4; year++)
        {
            Assert.IsType<KeyWritten>(await RouterAt(apart, year).ExecuteAsync(P0, Put("b", $"{year}"), default));
        }

        local.Add(second);
        Assert.Equal(Refusal.CommandTooOld, (await Answered<Refused>(answer)).Code);
    }

    [Fact]
    public async Task A_refusal_after_an_attempt_that_was_lost_is_told_as_uncertain_and_one_of_a_first_attempt_is_not()
    {
        var local = new LocalPartitions();
        PutKey put = Put("a", "1") with { Condition = Condition.IfAbsent };
        (Task<Answer> lost, PartitionLoop second) = await LoseAsync(put, local, MemoryFaults.Planned());
        var apart = new LocalPartitions();
        apart.Add(second);
        Assert.IsType<KeyWritten>(await RouterAt(apart, years: 1).ExecuteAsync(P0, put, default));
        Assert.False(
            Assert.IsType<Refused>(await RouterAt(apart, years: 1).ExecuteAsync(P0, put, default)).IsUncertain);
        local.Add(second);
        Refused refused = await Answered<Refused>(lost);
        Assert.Equal((Refusal.VersionMismatch, true), (refused.Code, refused.IsUncertain));
    }

    /// <summary>
    /// The owner ends before it knows whether the command was applied; its caller waits, and another owner is there.
    /// </summary>
    private static async Task<(Task<Answer> Answer, PartitionLoop Second)> LoseAsync(
        PutKey put, LocalPartitions local, MemoryFaults faults)
    {
        for (int i = 0; i < 100; i++)
        {
            faults.Plan(MemoryStep.Append, MemoryFault.UnknownNotWritten);
        }

        var world = new PartitionWorld(
            journal: new MemoryJournalOptions { Faults = faults },
            options: new PartitionOptions { UndecidedMsMax = 50, RepeatPauseMsMin = 1 });
        PartitionLoop first = await OpenAsync(world);
        local.Add(first);
        Task<Answer> answer = RouterAt(local, years: 0).ExecuteAsync(P0, put, default).AsTask();
        Assert.Equal(LoopEndReason.Undecided, (await Ended(first)).Reason);
        return (answer, await OpenAsync(new PartitionWorld(world.Disk)));
    }

    private static async Task<PartitionLoop> OpenAsync(PartitionWorld world) => await new PartitionWorld(world.Disk)
    {
        Runtime = world.Runtime with { Limits = _forgetful },
    }.OpenAsync(P0);

    private static PartitionRouter RouterAt(LocalPartitions local, int years) =>
        new(
            null!, local, null!, new PartitionReadiness(new ClusterSettingsView()), new RouterOptions(),
            new ClockAt(years));

    /// <summary>A wall clock that many years after 2000; everything else is as it is.</summary>
    private sealed class ClockAt(int years) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() =>
            new DateTimeOffset(2000, 1, 1, 0, 0, 0, TimeSpan.Zero).AddYears(years);
    }
}
