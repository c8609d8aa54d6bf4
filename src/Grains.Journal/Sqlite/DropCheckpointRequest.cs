using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>Gives up a checkpoint that did not come to its end.</summary>
internal sealed class DropCheckpointRequest(PartitionLog log, long id, int chunks) : WriteRequest(log)
{
    public override int Bytes => 0;

    public override void Stage(FlushTransaction flush)
    {
    }

    public override void Committed(Housekeeping housekeeping) => housekeeping.DeleteCheckpoint(id, chunks);

    public override void Failed(WriteFailure failure)
    {
        // Cleaned at the next open.
    }
}
