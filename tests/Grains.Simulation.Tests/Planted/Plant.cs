using Grains.Journal;
using Grains.Silo.Loops;
using Grains.Simulation.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;

namespace Grains.Simulation.Tests.Planted;

/// <summary>A bug put in from outside, for the simulation to find; or none.</summary>
internal sealed record Plant
{
    public static readonly Plant Nothing = new();

    public bool IsPlanted => !ReferenceEquals(this, Nothing);

    public Func<IJournal, SimWorld, IJournal> Journal { get; init; } = (journal, _) => journal;

    public Func<Transfer, SimWorld, Transfer> Transfer { get; init; } = (transfer, _) => transfer;

    public Func<MachineLimits, MachineLimits> Limits { get; init; } = limits => limits;

    public Func<PartitionOptions, PartitionOptions> Options { get; init; } = options => options;

    public Func<DeliveryGiven, DeliveryGiven> Delivery { get; init; } = delivery => delivery;

    /// <summary>A command whose outcome is unknown is repeated under another name.</summary>
    public bool NamesRepeatsAnew { get; init; }

    /// <summary>A refusal is taken for the end of a command of which another attempt is still on its way.</summary>
    public bool BelievesRefusals { get; init; }

    public bool IsMonotonicClockWrong { get; init; }

    public bool TimeStandsWhileBehind { get; init; }

    public long TimersLateMs { get; init; }

    /// <summary>Calendar times are decided by a clock that no new owner sets back, as record time is.</summary>
    public bool IsWallClockNeverBehind { get; init; }
}
