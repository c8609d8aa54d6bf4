using Grains.Journal;
using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Simulation.Tests.Workload;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging.Abstractions;

namespace Grains.Simulation.Tests.World;

/// <summary>One life of one server: a lane, a clock, a journal of its own on the common disk, real loops.</summary>
internal sealed class SimServer
{
    private readonly SimWorld _world;
    private readonly MemoryJournal _journal;
    private readonly MemoryJournal _led;
    private readonly bool _isLed;
    private readonly PartitionRuntime _runtime;
    private readonly HashSet<PartitionId> _acquiring = [];
    private readonly Dictionary<PartitionId, PreloadedPartition> _preloads = [];
    private readonly FrontEnd _frontEnd;
    private long _viewVersion;

    public SimServer(SimWorld world, string name, bool isSound)
    {
        _world = world;
        Name = name;
        Lane = world.Kernel.NewLane(name);
        Address = FrontEnd.NewAddress(Lane.Number);
        Time = new VirtualTime(world.Kernel, Lane) 
        {
            IsMonotonicClockWrong = world.Plant.IsMonotonicClockWrong,
            StandsWhileBehind = world.Plant.TimeStandsWhileBehind,
            TimersLateMs = world.Plant.TimersLateMs,
            Shown = world.Plant.IsWallClockNeverBehind ? world.NeverBehind : wall => wall,
        };
        IsSound = isSound;
        int skewMs = isSound ? 0 : world.Plan.ClockSkewMs;
        Time.OffsetMs = world.Kernel.Random.Next(-skewMs, skewMs + 1);
        _viewVersion = world.ViewVersion;
        _journal = new MemoryJournal(world.Disk, new MemoryJournalOptions
        {
            Faults = isSound ? null : new MemoryFaults(new Random(world.Kernel.Random.Next()), world.Plan.Rates),
            Pause = (_, _) => world.StoreDelayAsync(isSound),
        });
        var link = new StoreLink(_journal, this, world);
        _isLed = !world.Plant.IsPlanted && world.Kernel.Random.NextDouble() < world.Plan.LedServers;
        _led = new MemoryJournal(world.Disk, new MemoryJournalOptions
        {
            Faults = isSound ? null : new MemoryFaults(new Random(world.Kernel.Random.Next()), world.Plan.Rates),
        });
        var led = new LedStoreLink(link, _led, this, world);
        _runtime = new PartitionRuntime
        {
            Journal = _isLed ? led : world.Plant.Journal(link, world),
            Engine = _isLed ? NewEngine(led) : null,
            Server = name,
            Logs = NullLoggerFactory.Instance,
            Time = Time,
            Options = world.Plant.Options(world.Plan.Options),
            DeliverySecret = static () => [1, 2, 3, 4, 5, 6, 7, 8],
            Limits = world.Plant.Limits(world.Plan.Limits),
            Transfer = world.Plant.Transfer(world.Network.TransferAsync, world),
            Offload = async work =>
            {
                await world.DelayAsync(world.Kernel.Random.Next(3));
                await work();
            },
        };
        _frontEnd = new FrontEnd(this, world);
    }

    public SiloAddress Address { get; }

    /// <summary>Its store and its clock are right.</summary>
    public bool IsSound { get; }

    public PartitionOwners Owners => _frontEnd.Owners;

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
        _led.Crash();
        Forget();
        _world.Lost(this);
    }

    /// <summary>Nothing holds on to the loops of a life that is over.</summary>
    public void Forget()
    {
        Loops.Clear();
        foreach (PartitionLoop loop in _frontEnd.Local.All)
        {
            _frontEnd.Local.Remove(loop);
        }
    }

    /// <summary>A client's request by way of this server's router.</summary>
    public Task<Outcome> CallAsync(PartitionId partition, Command command, int patienceMs) =>
        _frontEnd.CallAsync(partition, command, patienceMs);

    /// <summary>Gives everything away in good order, by the real hand-overs.</summary>
    public void Leave() => _world.Kernel.Ready(Lane, () => _ = _frontEnd.LeaveAsync());

    /// <summary>
    /// What this server said it would do within a time took longer; not held against one that was stopped meanwhile.
    /// </summary>
    public void CheckPromise(string what, long tookMs, long promisedMs)
    {
        if (tookMs > promisedMs + PausedMs)
        {
            _world.Violation($"{Name} took {tookMs} ms for {what}, which was to take {promisedMs} ms");
        }
    }

    /// <summary>For how long it has been stopped, at most.</summary>
    public long PausedMs { get; set; }

    public async Task PreloadAsync(PartitionId partition)
    {
        // Taken out first, as the product does: who goes on from it changes it.
        _preloads.Remove(partition, out PreloadedPartition? earlier);
        _preloads[partition] = await PartitionRecovery.PreloadAsync(
            partition, _runtime, earlier, CancellationToken.None);
        _world.Count("preloads");
    }

    public void Acquire(PartitionId partition)
    {
        if (IsAlive && _acquiring.Add(partition))
        {
            _preloads.Remove(partition, out PreloadedPartition? ahead);
            _world.Kernel.Ready(Lane, () => _ = AcquireAsync(partition, ahead));
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

    /// <summary>Its cycles are steps of this server's lane, and callers on that lane lead.</summary>
    private PartitionEngine NewEngine(LedStoreLink journal) => new(
        journal, Time, _world.Plant.Options(_world.Plan.Options),
        new EngineLane(run => _world.Kernel.Ready(Lane, run), () => SynchronizationContext.Current == Lane));

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
            _frontEnd.Local.Add(loop);
            _world.Acquired(partition, loop.Epoch);
            _world.Count(_isLed ? "recoveries into an engine" : "recoveries");
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
        _frontEnd.Local.Remove(loop);
        _world.Note($"end {partition} {loop.Epoch} {Name} {end.Reason}");
        _world.Count($"loops {end.Reason}");
        _world.CheckpointsOwed.Remove((partition, loop.Epoch));
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
