using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>An append whose owner leads the flush: its outcome stands in its place, and nobody waits for it.</summary>
internal sealed class LedRequest(PartitionLog log, LedAppend led) : WriteRequest
{
    public override int Bytes => led.Append.Payload.Length + FlushRow.EntryBytes;

    public override void Stage(SegmentLog flush)
    {
        AppendOutcome? decided = log.Judge(led.Append);
        led.Outcome = decided ?? AppendOutcome.Durable;
        if (decided is null)
        {
            log.Stage(led.Append);
            flush.Append(log, FlushEntry.Of(led.Append));
        }
    }

    public override void Committed(SegmentUpkeep upkeep)
    {
    }

    public override void Failed(WriteFailure failure) =>
        led.Outcome = new AppendOutcome(
            failure.MayBeWritten ? AppendStatus.Unknown : AppendStatus.Refused, failure.Reason);

    public override void DropStaged() => log.DropStaged();
}
