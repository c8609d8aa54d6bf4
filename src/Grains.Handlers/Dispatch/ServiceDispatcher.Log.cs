using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Handlers.Dispatch;

internal sealed partial class ServiceDispatcher
{
    [LoggerMessage(4021, LogLevel.Debug, "Deliveries of {Service} could not be taken out of partition {Partition} "
        + "this time. {Why}")]
    private static partial void LogNoAnswer(ILogger log, string service, PartitionId partition, string why);

    [LoggerMessage(4022, LogLevel.Error,
        "A delivery of {Service} in partition {Partition} went wrong; it comes again when its lease ends. Report "
        + "this: it is not expected.")]
    private static partial void LogTrouble(ILogger log, Exception e, string service, PartitionId partition);
}
