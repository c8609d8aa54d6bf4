using Grains.Journal.Memory;
using Grains.Silo.Loops;
using Grains.Silo.Routing;
using Grains.StateMachines.Batches;

namespace Grains.Simulation.Tests.Faults;

/// <summary>What goes wrong in one run, and how often: a subset of all faults, drawn from the seed.</summary>
internal sealed class FaultPlan
{
    /// <summary>A clock that is off by hours: wrong zones, a machine that slept, a battery that is empty.</summary>
    private const int _stepMsMax = 7_200_000;

    private readonly Random _random;

    public FaultPlan(Random random)
    {
        _random = random;
        Partitions = random.Next(2, 5);
        Servers = random.Next(2, 4);
        ChaosMs = random.Next(6_000, 16_000);
        PauseMsBetween = random.Next(150, 1_500);
        CrashWeight = Chance(0.6) ? random.Next(1, 4) : 0;
        PauseWeight = Chance(0.7) ? random.Next(1, 6) : 0;
        StealWeight = Chance(0.7) ? random.Next(1, 6) : 0;
        HandOverWeight = Chance(0.7) ? random.Next(1, 8) : 0;
        ClockSkewMs = Chance(0.4) ? random.Next(1, Chance(0.4) ? _stepMsMax : 5_000) : 0;
        SlowStep = Some(0.5, 0.05);
        SlowMs = random.Next(50, 3_000);
        LostAnswer = Some(0.5, 0.1);
        LostTransfer = Some(0.5, 0.3);
        RepeatedTransfer = Some(0.6, 0.4);
        RepeatedCommand = Some(0.5, 0.2);
        MaxAttempts = Chance(0.25) ? random.Next(2, 6) : 1_000_000;
        Rates = new MemoryFaultRates
        {
            UnknownWritten = Some(0.4, 0.08),
            UnknownNotWritten = Some(0.4, 0.08),
            UnknownWrittenLater = Some(0.4, 0.08),
            UnknownWrittenTwice = Some(0.4, 0.05),
            // As a disk that is nearly full: now and then most of what is written.
            Refused = Chance(0.15) ? 0.2 + (random.NextDouble() * 0.4) : Some(0.4, 0.08),
            NotHere = Some(0.2, 0.2),
            CrashBefore = Some(0.3, 0.003),
            CrashAfter = Some(0.3, 0.003),
            Torn = Some(0.3, 0.005),
            LateLanding = 0.05 + (random.NextDouble() * 0.4),
        };
        Options = new PartitionOptions
        {
            UndecidedMsMax = Pick(200, 1_000, 5_000, 60_000),
            UnansweredMsMax = Pick(20, 100, 500, 3_000),
            BatchCommandsMax = Pick(1, 3, 1_024),
            RepeatPauseMsMin = Pick(1, 20),
            RepeatPauseMsMax = 200,
            CheckpointBytesMin = Pick(300, 3_000, 30_000),
            CheckpointRetryMs = Pick(5, 500),
            CheckpointAgeMs = Pick(1_000, 300_000),
            TransferEntriesMax = Pick(1, 3, 256),
            TransferPauseMsMin = Pick(5, 50),
            TransferPauseMsMax = 400,
        };
        Limits = new MachineLimits
        {
            SweepMax = Pick(2, 1_000),
            RememberedCommitsMax = Pick(50, 1_024),
            CommandWindow = Pick(16, 4_096),
        };
        RoutedClients = Pick(0.0, 0.5, 1.0);
        LedServers = Pick(0.0, 0.5, 1.0);
        LeaveWeight = Chance(0.5) ? random.Next(1, 4) : 0;
        HandOverMsMax = Pick(200, 5_000);
        FailedCheckpoint = Some(0.5, 0.5);
        FailedCheckpoints = random.Next(3);
        FailedTransfers = random.Next(3);
        Router = new RouterOptions
        {
            DeadlineMs = Pick(1_000, 4_000),
            CallMsMax = Pick(200, 1_500),
            CallsMax = Pick(1, 4),
            CallCommandsMax = Pick(1, 256),
            CommandWindow = Limits.CommandWindow,
        };
    }

    /// <summary>
    /// Of the clients, how many go by the routers of servers; the rest keep its rules themselves, and are harsher.
    /// </summary>
    public double RoutedClients { get; }

    /// <summary>The share of servers whose engine runs the turns of all their partitions, as one alone does.</summary>
    public double LedServers { get; }

    public RouterOptions Router { get; }

    /// <summary>
    /// By when a router answers under one name: its time, a last call, and what a loop that it has here may take to
    /// tell of a stall.
    /// </summary>
    public long RouterMsMax => Router.DeadlineMs + Router.CallMsMax + Options.UnansweredMsMax + (4L * SlowMs);

    public int HandOverMsMax { get; }

    /// <summary>
    /// How often each partition's checkpoint fails after everything else was healed: nothing but time helps then.
    /// </summary>
    public int FailedCheckpoints { get; }

    public double FailedCheckpoint { get; }

    /// <summary>How often a transfer between two partitions fails after everything else was healed.</summary>
    public int FailedTransfers { get; }

    public int LeaveWeight { get; }

    public int Partitions { get; }

    public int Servers { get; }

    public int ChaosMs { get; }

    public int PauseMsBetween { get; }

    public int CrashWeight { get; }

    public int PauseWeight { get; }

    public int StealWeight { get; }

    public int HandOverWeight { get; }

    /// <summary>Every wall clock is within this of the right time.</summary>
    public int ClockSkewMs { get; }

    public double SlowStep { get; }

    public int SlowMs { get; }

    public double LostAnswer { get; }

    public double LostTransfer { get; }

    public double RepeatedTransfer { get; }

    public double RepeatedCommand { get; }

    public int MaxAttempts { get; }

    public MemoryFaultRates Rates { get; }

    public PartitionOptions Options { get; }

    public MachineLimits Limits { get; init; }

    private bool Chance(double probability) => _random.NextDouble() < probability;

    private double Some(double enabled, double most) => Chance(enabled) ? _random.NextDouble() * most : 0;

    private T Pick<T>(params T[] from) => from[_random.Next(from.Length)];
}
