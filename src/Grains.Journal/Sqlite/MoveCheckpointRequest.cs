using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Makes a checkpoint whose chunks are all durable the newest one; false if its writer no longer owns the partition.
/// The chunks that then belong to nothing are deleted later.
/// </summary>
internal sealed class MoveCheckpointRequest(PartitionLog log, CheckpointPointer to) : WriteRequest<bool>(log)
{
    private bool _moves;

    public override int Bytes => 0;

    public override void Stage(FlushTransaction flush)
    {
        Outcome = Log.Owns(to.Epoch);
        _moves = Outcome && Log.Stage(to);
        if (_moves)
        {
            flush.MoveCheckpoint(Log.Partition, to);
        }
    }

    public override void Committed(Housekeeping housekeeping)
    {
        CheckpointPointer? useless = to;
        if (_moves)
        {
            useless = Log.Checkpoint;
            Log.Publish(to);
        }

        if (useless is not null)
        {
            housekeeping.DeleteCheckpoint(useless.Id, useless.Chunks);
        }

        base.Committed(housekeeping);
    }
}
