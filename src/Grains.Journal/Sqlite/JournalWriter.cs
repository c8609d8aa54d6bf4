using Grains.Journal.Folders;
using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>
/// The one thread that writes: it takes everything waiting, writes it as one transaction, and ends everybody's waiting
/// when that is durable.
/// </summary>
internal sealed class JournalWriter
{
    private readonly object _gate = new();
    private readonly Queue<WriteRequest> _requests = new();
    private readonly Queue<WriteRequest> _background = new();
    private readonly List<WriteRequest> _batch = [];
    private readonly FlushTransaction _flush;
    private readonly Housekeeping _housekeeping;
    private readonly WalBound _wal;
    private readonly SqliteJournalOptions _options;
    private readonly Thread _thread;
    private WriteFailure? _closed;
    private bool _closing;

    public JournalWriter(
        FlushTransaction flush, Housekeeping housekeeping, WalBound wal, SqliteJournalOptions options)
    {
        _flush = flush;
        _housekeeping = housekeeping;
        _wal = wal;
        _options = options;
        _wal.Attach(Wake);
        _thread = new Thread(Run) { Name = "grains journal writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What is durable is not known.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Into the next flush; refused when too many wait.</summary>
    public void Enqueue(WriteRequest request) => Enqueue(request, _requests);

    /// <summary>Takes its share of a later flush, so that nothing else waits for it long.</summary>
    public void EnqueueBackground(StoreChunkRequest request) => Enqueue(request, _background);

    /// <summary>Writes what waits, then ends the thread.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Enqueue(WriteRequest request, Queue<WriteRequest> queue)
    {
        WriteFailure? refused;
        lock (_gate)
        {
            refused = _closed ?? (queue.Count >= _options.QueuedRequestsMax ? Full(queue.Count) : null);
            if (refused is null)
            {
                queue.Enqueue(request);
                Monitor.Pulse(_gate);
            }
        }

        if (refused is not null)
        {
            request.NotTaken(refused);
        }
    }

    private WriteFailure Full(int waiting) => new(
        false,
        $"{waiting} requests wait for the disk, which is the limit. "
        + $"Send less, or raise {nameof(SqliteJournalOptions.QueuedRequestsMax)}.");

    private void Run()
    {
        try
        {
            while (Take())
            {
                Flush();
                _wal.AfterFlush();
            }
        }
        catch (Exception e)
        {
            Die(e);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.Pulse(_gate);
        }
    }

    private bool Take()
    {
        _batch.Clear();
        lock (_gate)
        {
            while (_requests.Count == 0 && _background.Count == 0 && !_housekeeping.HasWork && !_wal.WantsWriter)
            {
                if (_closing)
                {
                    _closed = new WriteFailure(false, "The journal is closed.");
                    return false;
                }

                Monitor.Wait(_gate);
            }

            Take(_requests, _options.FlushBytesMax);
            Take(_background, _options.BackgroundBytesPerFlush);
        }

        return true;
    }

    private void Take(Queue<WriteRequest> from, int bytesMax)
    {
        long bytes = 0;
        while (from.TryPeek(out WriteRequest? next) && (bytes == 0 || bytes + next.Bytes <= bytesMax))
        {
            bytes += Math.Max(1, next.Bytes);
            _batch.Add(from.Dequeue());
        }
    }

    private void Flush()
    {
        try
        {
            foreach (WriteRequest request in _batch)
            {
                request.Stage(_flush);
            }

            _housekeeping.StageStep(_flush);
            if (_flush.HasWrites)
            {
                _flush.Commit(_wal.MayBegin);
                _housekeeping.Resume();
            }
        }
        catch (SqliteFailure e) when (e.IsDiskFull || e.IsBusy)
        {
            Refuse(e.IsDiskFull ? DiskFull(e) : Locked(e));
            return;
        }
        catch (CommitFailure e) when (e.NothingWritten)
        {
            Refuse(e.IsDiskFull ? DiskFull(e) : Locked(e));
            return;
        }
        catch (Exception e) when (IsOutOfMemory(e) && !_flush.MayBeDurable)
        {
            Refuse($"The process had no memory left for the next row of {_options.Folder}; nothing was written.");
            return;
        }

        _flush.Publish(_housekeeping.Ledger);
        _housekeeping.StepCommitted();
        List<AppendRequest> appended = [];
        foreach (WriteRequest request in _batch)
        {
            request.Committed(_housekeeping);
            if (request is AppendRequest append)
            {
                appended.Add(append);
            }
        }

        if (appended.Count > 0)
        {
            AppendRequest.Answer(appended);
        }

        _batch.Clear();
        _flush.Clear();
    }

    private static bool IsOutOfMemory(Exception e) =>
        e is OutOfMemoryException or SqliteFailure { IsOutOfMemory: true };

    private string DiskFull(Exception e) =>
        $"The disk of {_options.Folder} is full; nothing was written. Free space there. {e.Message}";

    private string Locked(Exception e) =>
        $"Another program locks {JournalSchema.FileName} in {_options.Folder}; nothing was written. End it. "
        + $"{e.Message}";

    private void Refuse(string reason)
    {
        _flush.Rollback();
        _flush.Clear();
        WriteFailure failure = new(false, reason);
        _batch.ForEach(request => request.DropStaged());
        _batch.ForEach(request => request.Failed(failure));
        _batch.Clear();
        _housekeeping.Pause();
        _wal.MoveSoon();
    }

    private void Die(Exception e)
    {
        HasFailed = true;
        e = _flush.Lost(e);
        string what = IsOutOfMemory(e)
            ? $"The process had no memory left while it wrote to {_options.Folder}"
            : $"The disk of {_options.Folder} failed";
        WriteFailure failure = new(
            true,
            e is FolderLostException ? e.Message : $"{what}; what is durable shows at the next start. {e.Message}");
        List<WriteRequest> waiting;
        lock (_gate)
        {
            _closed = failure;
            waiting = [.. _batch, .. _requests, .. _background];
            _requests.Clear();
            _background.Clear();
        }

        waiting.ForEach(request => request.Failed(failure));
        _options.OnDiskFailure(
            failure.Reason, IsOutOfMemory(e) ? e as OutOfMemoryException ?? new OutOfMemoryException(e.Message, e) : e);
    }
}
