using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

internal sealed partial class PartitionKeeper
{
    [LoggerMessage(2030, LogLevel.Information,
        "All {Partitions} partitions are served, {Local} of them here, {Ms:0} ms after the settings were read.")]
    private static partial void LogReady(ILogger logger, int partitions, int local, double ms);

    [LoggerMessage(2031, LogLevel.Warning, "Some partitions are not served; they are activated again. The first of "
        + "them: {Partitions}")]
    private static partial void LogMissing(ILogger logger, string partitions);

    [LoggerMessage(2035, LogLevel.Warning, "The cluster's settings could not be read again; the known ones are used "
        + "until then. {Why}")]
    private static partial void LogNotRefreshed(ILogger logger, string why);

    [LoggerMessage(2036, LogLevel.Information, "This server is about to stop and gives {Partitions} partitions to the "
        + "others.")]
    private static partial void LogLeaving(ILogger logger, int partitions);

    [LoggerMessage(2037, LogLevel.Information, "Of the partitions of this server {Left} are left, after {Ms:0} ms.")]
    private static partial void LogLeft(ILogger logger, int left, double ms);

    [LoggerMessage(2038, LogLevel.Warning, "Server {Server} was not told that this one is about to stop. {Why}")]
    private static partial void LogNotTold(ILogger logger, string server, string why);
}
