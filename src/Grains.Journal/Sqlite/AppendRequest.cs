using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

internal sealed class AppendRequest(PartitionLog log, JournalAppend append) : WriteRequest<AppendOutcome>(log)
{
    public override int Bytes => append.Payload.Length;

    public override void Stage(FlushTransaction flush)
    {
        AppendOutcome? decided = Log.Judge(append);
        Outcome = decided ?? AppendOutcome.Durable;
        if (decided is null)
        {
            Log.Stage(append);
            flush.Append(Log, FlushEntry.Of(append));
        }
    }

    public override void Failed(WriteFailure failure) => End(new AppendOutcome(
        failure.MayBeWritten ? AppendStatus.Unknown : AppendStatus.Refused, failure.Reason));
}
