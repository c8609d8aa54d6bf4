using Microsoft.Extensions.Logging;

namespace Grains.Silo.Backups;

public sealed partial class BackupSource
{
    [LoggerMessage(1401, LogLevel.Information, "A backup of cluster {Cluster} begins.")]
    private static partial void LogBegun(ILogger logger, string cluster);

    [LoggerMessage(1402, LogLevel.Information,
        "The backup has ended well after {Seconds:0.0} s: {Partitions} partitions, {Bytes} bytes, checksum "
        + "{Checksum}.")]
    private static partial void LogEnded(ILogger logger, double seconds, long partitions, long bytes, string checksum);

    [LoggerMessage(1403, LogLevel.Warning, "The backup broke off after {Bytes} bytes: what was received of it is of "
        + "no use. {Reason}")]
    private static partial void LogBroken(ILogger logger, long bytes, string reason);
}
