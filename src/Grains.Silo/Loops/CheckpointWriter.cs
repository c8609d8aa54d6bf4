using Grains.Journal;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// Bounds what a recovery replays, and what the journal keeps: after enough bytes of records, or enough time, the state
/// is captured in a turn of the loop, then encoded and written away from it, and the records that it covers are
/// forgotten. One at a time; a failure costs nothing but a longer replay, and is tried again later.
/// </summary>
internal sealed partial class CheckpointWriter(OwnedPartition owned, PartitionRuntime runtime, Action wake)
    : IDisposable
{
    private const int _spread = 64;

    private readonly CancellationTokenSource _stop = new();
    private long _bytesSince = owned.ReplayedBytes;
    private long _bytesCovered;
    private long? _waitingSinceMs;
    private long _notBeforeMs;
    private bool _hasFailed;
    private Task<Ending>? _running;

    /// <summary>The longest time that a capture held the loop.</summary>
    public TimeSpan LongestStall { get; private set; }

    public Revision Last { get; private set; }

    public long? WakeAtMs { get; private set; }

    public void Appended(int bytes) => _bytesSince += bytes;

    /// <summary>In a turn of the loop, with nothing undecided. False: a newer owner has shown itself.</summary>
    public bool Step(JournalTail tail, long nowMs)
    {
        if (_running is { IsCompleted: false })
        {
            return true;
        }

        if (_running is not null && !Settle(_running.Result, nowMs))
        {
            return false;
        }

        WakeAtMs = null;
        _waitingSinceMs = _bytesSince == 0 ? null : _waitingSinceMs ?? nowMs;
        if (_waitingSinceMs is { } sinceMs)
        {
            // One that failed was due: it stays so, however the state has grown beside its records since.
            long dueMs = _hasFailed ? _notBeforeMs : Math.Max(DueMs(sinceMs, nowMs), _notBeforeMs);
            if (nowMs >= dueMs)
            {
                Begin(tail);
            }
            else
            {
                WakeAtMs = dueMs;
            }
        }

        return true;
    }

    public void Dispose() => _stop.Cancel();

    /// <summary>
    /// When the next checkpoint is due, were nothing more written; not later, perhaps earlier while it is far off.
    /// </summary>
    private long DueMs(long sinceMs, long nowMs)
    {
        PartitionOptions options = runtime.Options;
        bool many = _bytesSince > options.CheckpointBytesMin;
        long agedMs = sinceMs + options.CheckpointAgeMs
            + (options.CheckpointAgeMs * (owned.Id.Value % _spread) / _spread);
        if (!many && nowMs < agedMs)
        {
            return agedMs;
        }

        long stateBytes = owned.Machine.StateBytes;
        return many && _bytesSince > stateBytes / 2 ? nowMs : agedMs + (stateBytes / options.CheckpointAgeBytesPerMs);
    }

    private void Begin(JournalTail tail)
    {
        long begun = runtime.Time.GetTimestamp();
        StateSnapshot snapshot = owned.Machine.Capture();
        TimeSpan stall = runtime.Time.GetElapsedTime(begun);
        if (snapshot.At != tail.Revision)
        {
            throw new InvalidOperationException(
                $"A snapshot of {owned.Id} says {snapshot.At} where the newest durable record is {tail.Revision}.");
        }

        LongestStall = stall > LongestStall ? stall : LongestStall;
        _stallMs.Record(stall.TotalMilliseconds);
        _hasFailed = false;
        _bytesCovered = _bytesSince;
        _bytesSince = 0;
        _running = WriteAsync(snapshot, tail);
        _ = WakeAfterAsync(_running);
    }

    private async Task<Ending> WriteAsync(StateSnapshot snapshot, JournalTail tail)
    {
        bool owner = false;
        long begun = runtime.Time.GetTimestamp();
        try
        {
            await runtime.Offload(async () =>
            {
                owner = await runtime.Journal.WriteCheckpointAsync(
                    owned.Id, owned.Epoch, tail, snapshot.Chunks(), _stop.Token);
                owner = owner && await runtime.Journal.TruncateAsync(owned.Id, owned.Epoch, tail.Revision, _stop.Token);
            });
            LogWritten(Log, owned.Id, tail.Revision, runtime.Time.GetElapsedTime(begun).TotalMilliseconds);
            return new Ending(tail.Revision, owner, null);
        }
        catch (Exception e)
        {
            return new Ending(tail.Revision, true, e);
        }
    }

    /// <summary>Not before the task has ended: the loop would find it running, and sleep on.</summary>
    private async Task WakeAfterAsync(Task written)
    {
        await written;
        wake();
    }

    private bool Settle(Ending ending, long nowMs)
    {
        _running = null;
        if (ending.Trouble is not null)
        {
            // The records are still there, so they count again towards the next attempt.
            _bytesSince += _bytesCovered;
            _hasFailed = true;
            _notBeforeMs = nowMs + runtime.Options.CheckpointRetryMs;
            LogFailed(Log, owned.Id, ending.At, runtime.Options.CheckpointRetryMs, ending.Trouble);
            return true;
        }

        Last = ending.IsOwner ? ending.At : Last;
        return ending.IsOwner;
    }

    private sealed record Ending(Revision At, bool IsOwner, Exception? Trouble);
}
