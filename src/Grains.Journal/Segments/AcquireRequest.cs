using Grains.Journal.Log;

namespace Grains.Journal.Segments;

internal sealed class AcquireRequest(PartitionLog log, string owner, long membershipVersion, long nowMs)
    : WriteRequest<AcquireOutcome>(log)
{
    public override void Stage(SegmentLog flush)
    {
        if (Log.OutdatedBy(membershipVersion) is { } newest)
        {
            Outcome = new AcquireOutcome.OutdatedView(newest);
            return;
        }

        EpochGrant grant = Log.StageAcquire(owner, membershipVersion, nowMs);
        flush.Acquire(Log, grant);
        Outcome = grant.Outcome;
    }
}
