using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;

namespace Grains.Silo.Loops;

public sealed partial class PartitionLoop
{
    private LoopEnd EndBy(Exception e)
    {
        if (e is OutOfMemoryException)
        {
            LogOutOfMemory(Log, Id, Epoch, _turns.Journal.Tail.Revision, e);
            return new LoopEnd(LoopEndReason.OutOfMemory, "The server had no memory left for the partition.");
        }

        LogBroken(Log, Id, Epoch, _turns.Journal.Tail.Revision, e);
        return new LoopEnd(LoopEndReason.Broken, e.Message);
    }

    private ILogger Log => _runtime.LogOf<PartitionLoop>();

    [LoggerMessage(2010, LogLevel.Error,
        "Partition {Partition} under {Epoch} broke an invariant at {Revision}. Its memory is dropped and it is "
        + "recovered from its journal; please report this.")]
    private static partial void LogBroken(
        ILogger logger, PartitionId partition, Epoch epoch, Revision revision, Exception e);

    [LoggerMessage(2016, LogLevel.Error,
        "Partition {Partition} under {Epoch} found no memory left at {Revision}. It is recovered from its journal: "
        + "nothing that was answered is lost. Give the server more memory.")]
    private static partial void LogOutOfMemory(
        ILogger logger, PartitionId partition, Epoch epoch, Revision revision, Exception e);

    [LoggerMessage(EventId = 2011, Message = "Partition {Partition} under {Epoch} ended at {Revision}: {Reason}. "
        + "{Why}")]
    private static partial void LogEnded(
        ILogger logger, LogLevel level, PartitionId partition, Epoch epoch, Revision revision, LoopEndReason reason,
        string why);
}
