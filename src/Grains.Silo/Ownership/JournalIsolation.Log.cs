using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

internal sealed partial class JournalIsolation
{
    private static readonly Counter<long> _isolations = GrainsMeter.Instance.CreateCounter<long>(
        "grains.server.isolations", null,
        "Times that this server gave its partitions up because it alone did not reach the journal.");

    [LoggerMessage(2060, LogLevel.Warning,
        "This server has not reached the journal for {Seconds:0.0} s, and others do: it gives up its {Partitions} "
        + "partitions. "
        + "Look at the network between it and the database.")]
    private static partial void LogIsolated(ILogger logger, double seconds, int partitions);

    [LoggerMessage(2061, LogLevel.Information, "Of the {Partitions} partitions that were given up, {All} another "
        + "owner.")]
    private static partial void LogGivenUp(ILogger logger, int partitions, string all);

    [LoggerMessage(2062, LogLevel.Information, "This server reaches the journal again, and takes its share of the "
        + "partitions.")]
    private static partial void LogReturned(ILogger logger);

    [LoggerMessage(2063, LogLevel.Debug, "The journal did not answer. {Why}")]
    private static partial void LogNotReached(ILogger logger, string why);

    [LoggerMessage(2064, LogLevel.Debug, "Server {Server} was not reached. {Why}")]
    private static partial void LogNotAsked(ILogger logger, SiloAddress server, string why);

    [LoggerMessage(2065, LogLevel.Error, "Looking whether this server reaches the journal failed; it goes on.")]
    private static partial void LogFailed(ILogger logger, Exception e);
}
