using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

internal sealed partial class LoopTurns
{
    private ILogger Log => _runtime.LogOf<LoopTurns>();

    [LoggerMessage(2013, LogLevel.Warning,
        "The journal refused a record of partition {Partition} after {Revision}; nothing was written, and the callers "
        + "are told. {Reason}")]
    private static partial void LogRefused(ILogger logger, PartitionId partition, Revision revision, string? reason);

    [LoggerMessage(2014, LogLevel.Warning,
        "Partition {Partition} under {Epoch} waits for its journal; callers are told so and answered again when it is "
        + "back. {Reason}")]
    private static partial void LogStalled(ILogger logger, PartitionId partition, Epoch epoch, string reason);

    [LoggerMessage(2015, LogLevel.Information,
        "Partition {Partition} under {Epoch} has its journal back after {Ms:0} ms, with everything still in memory.")]
    private static partial void LogResumed(ILogger logger, PartitionId partition, Epoch epoch, double ms);
}
