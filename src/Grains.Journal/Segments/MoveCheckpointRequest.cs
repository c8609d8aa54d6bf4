using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>
/// Makes a checkpoint that is durable in its file the newest one; false if its writer no longer owns the partition. The
/// file that then counts for nothing is deleted.
/// </summary>
internal sealed class MoveCheckpointRequest(PartitionLog log, CheckpointPointer to, CheckpointFiles files)
    : WriteRequest<bool>(log)
{
    private bool _moves;

    public override void Stage(SegmentLog flush)
    {
        Outcome = Log.Owns(to.Epoch);
        _moves = Outcome && Log.Stage(to);
        if (_moves)
        {
            flush.MoveCheckpoint(Log.Partition, to);
        }
    }

    public override void Committed(SegmentUpkeep upkeep)
    {
        CheckpointPointer? useless = to;
        if (_moves)
        {
            useless = Log.Checkpoint;
            Log.Publish(to);
        }

        if (useless is not null)
        {
            files.Delete(Log.Partition, useless.Id);
        }

        base.Committed(upkeep);
    }

    public override void Failed(WriteFailure failure)
    {
        if (!failure.MayBeWritten)
        {
            files.Delete(Log.Partition, to.Id);
        }

        base.Failed(failure);
    }
}
