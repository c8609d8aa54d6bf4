using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

internal sealed partial class LoopJournal
{
    private ILogger Log => runtime.LogOf<LoopJournal>();

    [LoggerMessage(EventId = 2012, Message =
        "An append or confirm of partition {Partition} after {Revision} is undecided; the same is tried again in "
        + "{PauseMs} ms. {Reason}")]
    private static partial void LogUndecided(
        ILogger logger, LogLevel level, PartitionId partition, Revision revision, int pauseMs, string? reason);
}
