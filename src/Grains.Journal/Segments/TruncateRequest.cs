using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// Notes durably what is forgotten; false if the caller no longer owns the partition. The rows themselves go later,
/// each when nobody needs any of its records.
/// </summary>
internal sealed class TruncateRequest(PartitionLog log, Epoch epoch, Revision upTo) : WriteRequest<bool>(log)
{
    private JournalTail? _to;

    public override void Stage(SegmentLog flush)
    {
        Outcome = Log.Owns(epoch);
        _to = Outcome ? Log.ForgettableUpTo(upTo) : null;
        if (_to is { } to)
        {
            flush.MoveForgotten(Log.Partition, to);
        }
    }

    public override void Committed(SegmentUpkeep upkeep)
    {
        if (_to is { } to)
        {
            upkeep.Forget(Log.Forget(to));
        }

        base.Committed(upkeep);
    }
}
