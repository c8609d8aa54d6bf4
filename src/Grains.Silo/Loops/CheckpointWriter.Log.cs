using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

internal sealed partial class CheckpointWriter
{
    private ILogger Log => runtime.LogOf<CheckpointWriter>();

    [LoggerMessage(2001, LogLevel.Debug, "Partition {Partition} has a checkpoint at {Revision}, written in {Ms:0.0} "
        + "ms.")]
    private static partial void LogWritten(ILogger logger, PartitionId partition, Revision revision, double ms);

    [LoggerMessage(2002, LogLevel.Warning,
        "The checkpoint of partition {Partition} at {Revision} was not written; nothing is lost, and it is tried "
        + "again in {RetryMs} ms at the earliest.")]
    private static partial void LogFailed(
        ILogger logger, PartitionId partition, Revision revision, int retryMs, Exception trouble);
}
