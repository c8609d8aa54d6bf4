using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Partitions;

internal sealed partial class PartitionKeeper
{
    [LoggerMessage(2030, LogLevel.Information,
        "All {Partitions} partitions are served, {Local} of them here, {Ms:0} ms after the settings were read.")]
    private static partial void LogReady(ILogger logger, int partitions, int local, double ms);

    [LoggerMessage(2031, LogLevel.Warning, "Some partitions are not served; they are activated again. The first of them: {Partitions}")]
    private static partial void LogMissing(ILogger logger, string partitions);

    [LoggerMessage(2032, LogLevel.Warning, "Partition {Partition} could not be activated; another attempt follows. {Why}")]
    private static partial void LogNotActivated(ILogger logger, PartitionId partition, string why);

    [LoggerMessage(2033, LogLevel.Information, "Partition {Partition} is handed over to {Server}, which the cluster's members give it.")]
    private static partial void LogHandOver(ILogger logger, PartitionId partition, string server);
}
