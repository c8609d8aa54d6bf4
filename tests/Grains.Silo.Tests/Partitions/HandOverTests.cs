using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using static Grains.Silo.Tests.Partitions.PartitionWorld;

namespace Grains.Silo.Tests.Partitions;

public sealed class HandOverTests
{
    [Fact]
    public async Task A_delivery_that_is_out_is_committed_through_the_next_owner()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<MessageAccepted>(loop, PartitionLoopTests.Send());
        DeliveryGiven given = await Answered<DeliveryGiven>(loop, PartitionLoopTests.Receive(0));
        Assert.Equal(LoopEndReason.HandedOver, (await loop.HandOverAsync()).Reason);

        PartitionLoop next = await new PartitionWorld(world.Disk).OpenAsync(P0);
        await Answered<Committed>(next, new CommitDelivery { Delivery = given.Delivery, BodyHash = 1 });
    }

    [Fact]
    public async Task What_is_in_flight_is_finished_first_and_what_waits_is_told_that_nothing_was_done()
    {
        var gate = new Gate(MemoryStep.Append);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Pause = gate.Pass });
        PartitionLoop loop = await world.OpenAsync(P0);
        Task<Answer> inFlight = loop.ExecuteAsync(Put("a", "1"), CancellationToken.None);
        await gate.Arrived;
        Task<Answer> waiting = loop.ExecuteAsync(Put("b", "1"), CancellationToken.None);
        Task<LoopEnd> end = loop.HandOverAsync();
        gate.Open();

        Assert.Equal(new Revision(2), (await Answered<KeyWritten>(inFlight)).Version);
        Assert.False((await Answered<NotOwner>(waiting)).MayHaveHappened);
        Assert.Equal(LoopEndReason.HandedOver, (await end).Reason);
    }

    [Fact]
    public async Task A_hand_over_whose_record_is_refused_ends_all_the_same_and_its_leases_end_with_it()
    {
        MemoryFaults faults = MemoryFaults.Planned().Plan(MemoryStep.Append, MemoryFault.Refused, skip: 1);
        var world = new PartitionWorld(journal: new MemoryJournalOptions { Faults = faults });
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<MessageAccepted>(loop, PartitionLoopTests.Send());
        DeliveryGiven given = await Answered<DeliveryGiven>(loop, PartitionLoopTests.Receive(0));
        Assert.Equal(LoopEndReason.Stopped, (await loop.HandOverAsync()).Reason);

        PartitionLoop next = await new PartitionWorld(world.Disk).OpenAsync(P0);
        Assert.Equal(Refusal.DeliveryGone,
            (await Answered<Refused>(next, new CommitDelivery { Delivery = given.Delivery, BodyHash = 1 })).Code);
    }

    [Fact]
    public async Task What_was_read_ahead_is_gone_on_from_and_only_the_rest_is_read()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1"));
        var other = new PartitionWorld(world.Disk);
        PreloadedPartition ahead = await PartitionRecovery.PreloadAsync(
            P0, other.Runtime, null, CancellationToken.None);
        Assert.Equal(new Revision(2), ahead.Tail.Revision);
        await Answered<KeyWritten>(loop, Put("b", "1"));
        ahead = await PartitionRecovery.PreloadAsync(P0, other.Runtime, ahead, CancellationToken.None);
        await Answered<KeyWritten>(loop, Put("c", "1"));
        await loop.HandOverAsync();

        OwnedPartition owned = await TakeOverAsync(other, ahead);
        Assert.Same(ahead.Machine, owned.Machine);
        Assert.Equal((3, new Revision(5)), (owned.Machine.Statistics.Keys, owned.Tail.Revision));
    }

    [Fact]
    public async Task What_was_read_ahead_of_another_history_is_thrown_away()
    {
        var world = new PartitionWorld();
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1"));
        var elsewhere = new PartitionWorld();
        await Answered<KeyWritten>(await elsewhere.OpenAsync(P0), Put("stranger", "1"));
        PreloadedPartition stray = await PartitionRecovery.PreloadAsync(
            P0, elsewhere.Runtime, null, CancellationToken.None);

        OwnedPartition owned = await TakeOverAsync(new PartitionWorld(world.Disk), stray);
        Assert.NotSame(stray.Machine, owned.Machine);
        Assert.IsType<KeyFound>(owned.Machine.TryRead(Get("a")));
        Assert.Equal(1, owned.Machine.Statistics.Keys);
    }

    [Fact]
    public async Task What_was_read_ahead_and_forgotten_by_the_log_since_is_read_again_from_the_checkpoint()
    {
        var world = new PartitionWorld(options: new PartitionOptions { CheckpointBytesMin = 1 });
        PartitionLoop loop = await world.OpenAsync(P0);
        await Answered<KeyWritten>(loop, Put("a", "1"));
        var other = new PartitionWorld(world.Disk);
        PreloadedPartition ahead = await PartitionRecovery.PreloadAsync(
            P0, other.Runtime, null, CancellationToken.None);
        await Until(async () =>
        {
            await Answered<KeyWritten>(loop, Put("b", "1"));
            return loop.LastCheckpoint > ahead.Tail.Revision.Next;
        });
        await loop.StopAsync();

        OwnedPartition owned = await TakeOverAsync(other, ahead);
        Assert.NotSame(ahead.Machine, owned.Machine);
        Assert.Equal(2, owned.Machine.Statistics.Keys);
    }

    private static async Task<OwnedPartition> TakeOverAsync(PartitionWorld world, PreloadedPartition ahead) =>
        (await PartitionRecovery.RunAsync(P0, world.Runtime, 0, ahead, CancellationToken.None)).Owned!;
}
