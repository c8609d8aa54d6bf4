using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

internal sealed partial class OutboxPump
{
    private ILogger Log => runtime.LogOf<OutboxPump>();

    [LoggerMessage(2101, LogLevel.Warning,
        "Partition {Partition} could not hand its outbox entries to {Target}; it tries again in {PauseMs} ms. "
        + "{Trouble}")]
    private static partial void LogHeldBack(
        ILogger logger, PartitionId partition, PartitionId target, long pauseMs, string trouble);
}
