using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Silo.Partitions;

/// <summary>
/// The way to every partition, wherever it is owned. Implemented over grains in a cluster, and over partition loops in
/// one process for tests.
/// </summary>
public interface IPartitions
{
    /// <summary>Fixed at first start; known before <see cref="IsReady"/> is true.</summary>
    /// <exception cref="SettingsUnknownException">It is not known yet.</exception>
    SlotMap Slots { get; }

    /// <summary>True once settings are known and every partition has been recovered by its owner.</summary>
    bool IsReady { get; }

    /// <summary>
    /// Executes one command. The answer was durable and confirmed before it was given (<see cref="Refused"/> for an
    /// expected no). A command that changes something is given a command id here, and is repeated under it while that
    /// is safe and the deadline allows.
    /// </summary>
    /// <exception cref="PartitionUnavailableException">No answer in time; it says whether the outcome is
    /// known.</exception>
    /// <exception cref="OperationCanceledException">The caller's token; the outcome is then unknown to it.</exception>
    ValueTask<Answer> ExecuteAsync(PartitionId partition, Command command, CancellationToken cancel);
}
