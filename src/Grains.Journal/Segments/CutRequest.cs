using System.Collections.Concurrent;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// What is durable of every partition at one moment between two flushes. Everything stays where it is from then on,
/// until <see cref="SegmentSet.Unpin"/>.
/// </summary>
internal sealed class CutRequest(ConcurrentDictionary<PartitionId, PartitionLog> logs, SegmentSet set)
    : WriteRequest<List<PartitionLog>>(null)
{
    public override void Stage(SegmentLog flush)
    {
    }

    public override void Committed(SegmentUpkeep upkeep)
    {
        set.Pin();
        Outcome =
        [
            .. logs.Values.Where(l => l.Ownership.Epoch.Value > 0 || l.TailDamage is not null)
                .OrderBy(l => l.Partition).Select(l => l.Copy()),
        ];
        base.Committed(upkeep);
    }
}
