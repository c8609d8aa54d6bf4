namespace Grains.Silo.Partitions;

/// <summary>
/// Record time under one ownership: begins at the wall clock or the last record, whichever is later, and goes on with
/// the monotonic clock. It never falls, whatever the wall clock does.
/// </summary>
internal sealed class RecordClock(TimeProvider time, long lastRecordMs)
{
    private readonly long _startMs = Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), lastRecordMs);
    private readonly long _startedAt = time.GetTimestamp();

    public long NowMs => _startMs + (long)time.GetElapsedTime(_startedAt).TotalMilliseconds;
}
