using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Simulation.Tests.World;

/// <summary>One life of one server: a lane, a clock, a journal of its own on the common disk, real loops.</summary>
internal sealed class SimServer
{
    private readonly SimWorld _world;
    private readonly MemoryJournal _journal;
    private readonly PartitionRuntime _runtime;
    private readonly HashSet<PartitionId> _acquiring = [];
    private long _viewVersion;

    public SimServer(SimWorld world, string name, bool isSound)
    {
        _world = world;
        Name = name;
        Lane = world.Kernel.NewLane(name);
        Time = new VirtualTime(world.Kernel, Lane) { IsMonotonicClockWrong = world.Plant.IsMonotonicClockWrong };
        int skewMs = isSound ? 0 : world.Plan.ClockSkewMs;
        Time.OffsetMs = world.Kernel.Random.Next(-skewMs, skewMs + 1);
        _viewVersion = world.ViewVersion;
        _journal = new MemoryJournal(world.Disk, new MemoryJournalOptions
        {
            Faults = isSound ? null : new MemoryFaults(new Random(world.Kernel.Random.Next()), world.Plan.Rates),
            Pause = (_, _) => world.StoreDelayAsync(isSound),
        });
        _runtime = new PartitionRuntime
        {
            Journal = world.Plant.Journal(new StoreLink(_journal, this, world), world),
            Server = name,
            Logger = NullLogger.Instance,
            Time = Time,
            Options = world.Plan.Options,
            FormatLevel = () => world.Plant.FormatLevel,
            Limits = world.Plant.Limits(world.Plan.Limits),
            Transfer = world.Plant.Transfer(world.Network.TransferAsync, world),
            Offload = async work =>
            {
                await world.DelayAsync(world.Kernel.Random.Next(3));
                await work();
            },
        };
    }

    public string Name { get; }

    public Lane Lane { get; }

    public VirtualTime Time { get; }

    public bool IsAlive { get; private set; } = true;

    /// <summary>Loops that have not ended; of former owners too, until they find out.</summary>
    public SortedDictionary<PartitionId, PartitionLoop> Loops { get; } = [];

    public Dictionary<PartitionId, OwnedPartition> Owned { get; } = [];

    public bool IsAcquiring(PartitionId partition) => _acquiring.Contains(partition);

    public void Crash()
    {
        if (!IsAlive)
        {
            return;
        }

        IsAlive = false;
        _world.Count("crashes");
        Lane.End();
        _journal.Crash();
        Loops.Clear();
        _world.Lost(this);
    }

    public void Acquire(PartitionId partition)
    {
        if (IsAlive && _acquiring.Add(partition))
        {
            _world.Kernel.Ready(Lane, () => _ = AcquireAsync(partition));
        }
    }

    /// <summary>Reads the partition ahead, lets its owner give it up in good order, then acquires it.</summary>
    public void TakeFrom(SimServer owner, PartitionId partition)
    {
        if (IsAlive && _acquiring.Add(partition))
        {
            _world.Kernel.Ready(Lane, () => _ = TakeFromAsync(owner, partition));
        }
    }

    private async Task TakeFromAsync(SimServer owner, PartitionId partition)
    {
        PreloadedPartition? ahead = null;
        try
        {
            ahead = await PartitionRecovery.PreloadAsync(partition, _runtime, null, CancellationToken.None);
            if (_world.Kernel.Random.Next(2) == 0)
            {
                ahead = await PartitionRecovery.PreloadAsync(partition, _runtime, ahead, CancellationToken.None);
            }

            _world.Count("preloads");
        }
        catch (Exception e) when (e is JournalUnavailableException or JournalTruncatedException)
        {
            // The owner replaced what was being read: without it then.
            ahead = null;
        }

        if (owner.IsAlive && owner.Loops.TryGetValue(partition, out PartitionLoop? loop))
        {
            await loop.HandOverAsync();
        }

        await AcquireAsync(partition, ahead);
    }

    private async Task AcquireAsync(PartitionId partition, PreloadedPartition? ahead = null)
    {
        PartitionLoop loop;
        try
        {
            RecoveryOutcome outcome = await PartitionRecovery.RunAsync(
                partition, _runtime, _viewVersion, ahead, CancellationToken.None);
            if (outcome.Owned is null)
            {
                _viewVersion = _world.ViewVersion;
                return;
            }

            loop = new PartitionLoop(outcome.Owned, _runtime);
            Owned[partition] = outcome.Owned;
            Loops[partition] = loop;
            _world.Count("recoveries");
            int handedOver = outcome.Owned.Machine.Statistics.OpenDeliveries;
            _world.Counts["leases handed over"] = _world.Counts.GetValueOrDefault("leases handed over") + handedOver;
            _world.Note($"own {partition} {loop.Epoch} {Name}");
            loop.Start();
        }
        catch (Exception e) when (e is JournalUnavailableException or JournalTruncatedException)
        {
            // A newer owner replaced what was being read: it is tried again.
            _world.Count($"recoveries overtaken, {e.GetType().Name}");
            return;
        }
        catch (Exception e)
        {
            _world.Violation($"{Name} could not recover {partition}: {e.Message}");
            return;
        }
        finally
        {
            _acquiring.Remove(partition);
        }

        LoopEnd end = await loop.Completion;
        _world.Note($"end {partition} {loop.Epoch} {Name} {end.Reason}");
        _world.Count($"loops {end.Reason}");
        if (end.Reason == LoopEndReason.HandedOver)
        {
            _world.HandedOver.Add((partition, loop.Epoch));
        }

        if (end.Reason == LoopEndReason.Broken)
        {
            _world.Violation($"the loop of {partition} {loop.Epoch} on {Name} broke: {end.Why}");
        }

        if (Loops.GetValueOrDefault(partition) == loop)
        {
            Loops.Remove(partition);
        }
    }
}
