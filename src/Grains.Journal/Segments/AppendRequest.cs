using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>
/// An append that waits for its flush. All appends of a flush are answered by one work item of the thread pool, one
/// after another: a continuation that is not bound to a scheduler of its own runs there.
/// </summary>
internal sealed class AppendRequest(PartitionLog log, JournalAppend append)
    : WriteRequest<AppendOutcome>(log, TaskCreationOptions.None)
{
    /// <summary>
    /// Tells everybody's owners what became of their appends; not on the thread that leads the flush.
    /// </summary>
    public static void Answer(List<AppendRequest> requests) => ThreadPool.UnsafeQueueUserWorkItem(
        static all => all.ForEach(r => r.End(r.Outcome)), requests, preferLocal: false);

    public override int Bytes => append.Payload.Length + FlushRow.EntryBytes;

    public override void Stage(SegmentLog flush)
    {
        AppendOutcome? decided = Log.Judge(append);
        Outcome = decided ?? AppendOutcome.Durable;
        if (decided is null)
        {
            Log.Stage(append);
            flush.Append(Log, FlushEntry.Of(append));
        }
    }

    /// <summary>Its owner hears of it by <see cref="Answer"/>.</summary>
    public override void Committed(SegmentUpkeep upkeep)
    {
    }

    public override void Failed(WriteFailure failure)
    {
        Outcome = OutcomeOf(failure);
        Answer([this]);
    }

    public override void NotTaken(WriteFailure failure) => End(OutcomeOf(failure));

    private static AppendOutcome OutcomeOf(WriteFailure failure) =>
        new(failure.MayBeWritten ? AppendStatus.Unknown : AppendStatus.Refused, failure.Reason);
}
