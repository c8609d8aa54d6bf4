using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

internal sealed partial class LoopFigures
{
    private ILogger Log => _runtime.LogOf<LoopFigures>();

    [LoggerMessage(2016, LogLevel.Warning,
        "The records of partition {Partition} are {Seconds:0.0} s ahead of this server's wall clock: it was set back, "
        + "or another owner's is "
        + "ahead. No time is decided by that, but check the clocks of all servers (NTP).")]
    private static partial void LogAhead(ILogger logger, PartitionId partition, double seconds);

    [LoggerMessage(2017, LogLevel.Warning,
        "Timer '{Timer}' of node '{Node}' (service {Service}, partition {Partition}) does not fire. {Why}")]
    private static partial void LogTimer(
        ILogger logger, PartitionId partition, ServiceId service, Utf8Name node, Utf8Name timer, string why);
}
