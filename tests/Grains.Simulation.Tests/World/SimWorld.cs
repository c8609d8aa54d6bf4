using Grains.Journal.Memory;
using Grains.Silo.Cluster;
using Grains.Silo.Loops;
using Grains.Silo.Ownership;
using Grains.Simulation.Tests.Faults;
using Grains.Simulation.Tests.Planted;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.World;

/// <summary>
/// Servers on one disk, a network between them and their clients, and somebody who gives partitions owners.
/// </summary>
internal sealed class SimWorld
{
    private readonly VirtualTime _time;
    private int _lives;
    private DateTimeOffset _latest;

    public SimWorld(int seed, Plant plant)
    {
        Kernel = new Kernel(seed);
        Plant = plant;
        Plan = new FaultPlan(Kernel.Random);
        Lane = Kernel.NewLane("world");
        _time = new VirtualTime(Kernel, Lane);
        Network = new Network(this);
        Settings = ClusterSettings.New(Plan.Partitions, DateTimeOffset.UnixEpoch);
        for (int i = 0; i < Plan.Servers; i++)
        {
            Servers.Add(NewServer(isSound: false));
        }
    }

    public Kernel Kernel { get; }

    public Plant Plant { get; }

    public FaultPlan Plan { get; }

    /// <summary>Clients, network and store: never paused.</summary>
    public Lane Lane { get; }

    public MemoryDisk Disk { get; } = new();

    public Network Network { get; }

    public ClusterSettings Settings { get; }

    public List<SimServer> Servers { get; } = [];

    /// <summary>Servers that are to get no partitions: every one sees it at once.</summary>
    public LeavingServers Leaving { get; } = new();

    /// <summary>Whose last checkpoint failed on a sound owner that still is one: to be written before long.</summary>
    public SortedSet<(PartitionId Partition, Epoch Epoch)> CheckpointsOwed { get; } = [];

    /// <summary>How often a checkpoint of each failed on the last owner.</summary>
    public Dictionary<PartitionId, int> CheckpointsFailed { get; } = [];

    /// <summary>When each partition got which owner, oldest first.</summary>
    public List<(PartitionId Partition, Epoch Epoch, long AtNs)> Acquisitions { get; } = [];

    public List<string> Violations { get; } = [];

    /// <summary>How often what happened, for the figures.</summary>
    public SortedDictionary<string, int> Counts { get; } = new(StringComparer.Ordinal);

    /// <summary>Ownerships that ended in good order: the next one honours what was out.</summary>
    public HashSet<(PartitionId Partition, Epoch Epoch)> HandedOver { get; } = [];

    public long ViewVersion { get; private set; } = 1;

    /// <summary>No new faults; a server without any takes every partition.</summary>
    public bool IsHealing { get; private set; }

    public SimServer? Healer { get; private set; }

    public IEnumerable<PartitionId> Partitions =>
        Enumerable.Range(0, Plan.Partitions).Select(p => new PartitionId((uint)p));

    /// <summary>What a right wall clock shows, ms since 1970.</summary>
    public long WallMs => _time.GetUtcNow().ToUnixTimeMilliseconds();

    public void Note(string what) => Kernel.Note(what);

    /// <summary>Planted: the latest time that any server ever saw.</summary>
    public DateTimeOffset NeverBehind(DateTimeOffset wall) => _latest = wall > _latest ? wall : _latest;

    public void Count(string what)
    {
        Note(what);
        Counts[what] = Counts.GetValueOrDefault(what) + 1;
    }

    public void Acquired(PartitionId partition, Epoch epoch) => Acquisitions.Add((partition, epoch, Kernel.NowNs));

    /// <summary>Nobody acquired it since; what its owner promised in time can be held against real time.</summary>
    public bool HadOneOwnerSince(PartitionId partition, long ns) =>
        !Acquisitions.Exists(a => a.Partition == partition && a.AtNs >= ns);

    public void Violation(string what)
    {
        if (Violations.Count < 20)
        {
            Violations.Add($"[{TimeSpan.FromTicks(Kernel.NowTicks)}] {what}");
        }
    }

    public Task DelayAsync(long ms) => Task.Delay(TimeSpan.FromMilliseconds(ms), _time);

    public void After(long ms, Action run) => Kernel.After(Lane, ms, run);

    public void Spawn(Func<Task> work) => Kernel.Ready(Lane, () => _ = GuardAsync(work));

    public Task StoreDelayAsync(bool isSound)
    {
        double drawn = Kernel.Random.NextDouble();
        bool isSlow = !isSound && drawn < Plan.SlowStep;
        return isSlow ? DelayAsync(Kernel.Random.Next(1, Plan.SlowMs))
            : drawn < 0.4 ? DelayAsync(Kernel.Random.Next(1, 4)) : Task.CompletedTask;
    }

    /// <summary>Every loop of a partition that still runs, the newest owner first.</summary>
    public PartitionLoop[] LoopsOf(PartitionId partition) =>
        [.. Servers.Where(s => s.IsAlive && s.Loops.ContainsKey(partition)).Select(s => s.Loops[partition])
            .OrderByDescending(l => l.Epoch.Value)];

    /// <summary>A server ended; another life of it begins later.</summary>
    public void Lost(SimServer server)
    {
        ViewVersion++;
        if (IsHealing)
        {
            return;
        }

        After(Kernel.Random.Next(5, 1_500), () =>
        {
            if (!IsHealing)
            {
                ViewVersion++;
                Servers[Servers.IndexOf(server)] = NewServer(isSound: false);
            }
        });
    }

    public void Heal()
    {
        IsHealing = true;
        Servers.ForEach(s => s.Lane.Resume());
        Healer = NewServer(isSound: true);
        Servers.Add(Healer);
    }

    /// <summary>Sees to it that every partition has an owner, as far as it can tell.</summary>
    public async Task KeepAsync(Func<bool> isOver)
    {
        while (!isOver())
        {
            foreach (PartitionId partition in Partitions)
            {
                Keep(partition);
            }

            await DelayAsync(Kernel.Random.Next(20, 200));
        }
    }

    private void Keep(PartitionId partition)
    {
        PartitionLoop? newest = LoopsOf(partition).FirstOrDefault();
        SimServer[] fit = [.. IsHealing ? [Healer!] : Servers.Where(s => s.IsAlive)];
        bool isServed = newest is not null && (!IsHealing || Healer!.Loops.GetValueOrDefault(partition) == newest);
        if (!isServed && fit.Length > 0 && !fit.Any(s => s.IsAcquiring(partition) && !s.Lane.IsPaused))
        {
            fit[Kernel.Random.Next(fit.Length)].Acquire(partition);
        }
    }

    private SimServer NewServer(bool isSound) => new(this, $"s{++_lives}", isSound);

    private async Task GuardAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (Exception e)
        {
            Violation($"the workload itself failed: {e}");
        }
    }
}
