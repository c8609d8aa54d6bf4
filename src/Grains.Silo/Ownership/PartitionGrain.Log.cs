using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Ownership;

internal sealed partial class PartitionGrain
{
    private ILogger Log => runtime.LogOf<PartitionGrain>();

    [LoggerMessage(2020, LogLevel.Debug,
        "Partition {Partition} is owned under {Epoch} at {Revision}: acquired in {AcquireMs:0} ms, checkpoint read in "
        + "{CheckpointMs:0} ms, records replayed in {RecordsMs:0} ms.")]
    private static partial void LogOwned(
        ILogger logger, PartitionId partition, Epoch epoch, Revision revision, double acquireMs, double checkpointMs,
        double recordsMs);

    [LoggerMessage(2021, LogLevel.Error,
        "Partition {Partition} could not be recovered and is not served; another attempt follows.")]
    private static partial void LogNotRecovered(ILogger logger, PartitionId partition, Exception e);

    [LoggerMessage(2022, LogLevel.Information, "Partition {Partition} was not acquired: {Why}")]
    private static partial void LogNotHere(ILogger logger, PartitionId partition, string why);
}
