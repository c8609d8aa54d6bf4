using System.Diagnostics.Metrics;
using Grains.Silo.Telemetry;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

internal sealed partial class HandOvers
{
    private static readonly Histogram<double> _pauseMs = GrainsMeter.Instance.CreateHistogram<double>(
        "grains.handover.pause", "ms", "From the end of the old owner to the beginning of the new one.");

    [LoggerMessage(2032, LogLevel.Warning, "Partition {Partition} could not be activated; another attempt follows. "
        + "{Why}")]
    private static partial void LogNotActivated(ILogger logger, PartitionId partition, string why);

    [LoggerMessage(2033, LogLevel.Information,
        "Partition {Partition} was handed over to {Server}, which the cluster's members give it: a pause of "
        + "{PauseMs:0} ms, "
        + "{LastRecordMs:0} of them for the last record here.")]
    private static partial void LogHandedOver(
        ILogger logger, PartitionId partition, string server, double pauseMs, double lastRecordMs);

    [LoggerMessage(2068, LogLevel.Warning,
        "Partition {Partition} was let go for {Server}, but not in good order: its open deliveries end as after a "
        + "crash. {Why}")]
    private static partial void LogLeasesLost(ILogger logger, PartitionId partition, string server, string why);

    [LoggerMessage(2034, LogLevel.Warning,
        "Partition {Partition} stays here for now: {Server}, which is to have it, could not read it ahead. {Why}")]
    private static partial void LogNotPreloaded(ILogger logger, PartitionId partition, string server, string why);
}
