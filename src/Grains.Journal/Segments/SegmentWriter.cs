using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>
/// Puts everything that waits into one row, and ends everybody's waiting when that is durable. A thread of its own does
/// so; whoever has requests ready may lead a flush instead, with <see cref="Flush"/>.
/// </summary>
internal sealed class SegmentWriter
{
    private readonly object _gate = new();
    private readonly Lock _lead = new();
    private readonly Queue<WriteRequest> _requests = new();
    private readonly SegmentLog _log;
    private readonly SegmentUpkeep _upkeep;
    private readonly SegmentKeeper _keeper;
    private readonly SegmentJournalOptions _options;
    private readonly Thread _thread;
    private WriteFailure? _closed;
    private bool _closing;

    public SegmentWriter(SegmentLog log, SegmentUpkeep upkeep, SegmentKeeper keeper, SegmentJournalOptions options)
    {
        (_log, _upkeep, _keeper, _options) = (log, upkeep, keeper, options);
        _thread = new Thread(Run) { Name = "grains journal writer", IsBackground = true };
        _thread.Start();
    }

    /// <summary>What is durable is not known.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Into the next flush; refused when too many wait.</summary>
    public void Enqueue(WriteRequest request)
    {
        WriteFailure? refused;
        lock (_gate)
        {
            refused = _closed ?? (_requests.Count >= _options.QueuedRequestsMax ? Full(_requests.Count) : null);
            if (refused is null)
            {
                _requests.Enqueue(request);
                Monitor.Pulse(_gate);
            }
        }

        if (refused is not null)
        {
            request.NotTaken(refused);
        }
    }

    /// <summary>
    /// One flush of these requests, led by the caller's thread: one row, one write, one sync. On return each of them
    /// has come to its end, and everything that was taken is durable.
    /// </summary>
    public void Flush(List<WriteRequest> batch)
    {
        lock (_lead)
        {
            WriteFailure? failure = Volatile.Read(ref _closed);
            try
            {
                failure ??= Write(batch);
            }
            catch (Exception e)
            {
                Die(e, batch);
                return;
            }

            if (failure is not null)
            {
                batch.ForEach(request => request.DropStaged());
                batch.ForEach(request => request.Failed(failure));
            }
        }
    }

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

    private WriteFailure Full(int waiting) => new(
        false,
        $"{waiting} requests wait for the disk, which is the limit. "
        + $"Send less, or raise {nameof(SegmentJournalOptions.QueuedRequestsMax)}.");

    private void Run()
    {
        List<WriteRequest> batch = [];
        while (Take(batch))
        {
            Flush(batch);
        }

        lock (_gate)
        {
            _closed ??= new WriteFailure(false, "The journal is closed.");
        }
    }

    private bool Take(List<WriteRequest> batch)
    {
        batch.Clear();
        lock (_gate)
        {
            while (_requests.Count == 0 && !_closing && _closed is null)
            {
                Monitor.Wait(_gate);
            }

            long bytes = 0;
            while (_requests.TryPeek(out WriteRequest? next)
                && (bytes == 0 || bytes + next.Bytes <= _options.FlushBytesMax))
            {
                bytes += Math.Max(1, next.Bytes);
                batch.Add(_requests.Dequeue());
            }

            return batch.Count > 0;
        }
    }

    /// <returns>Null; or why nothing was written, nor will be.</returns>
    private WriteFailure? Write(List<WriteRequest> batch)
    {
        try
        {
            if (_keeper.Failure is { } trouble)
            {
                throw new IOException($"A segment could not be kept in order. {trouble.Message}", trouble);
            }

            foreach (WriteRequest request in batch)
            {
                request.Stage(_log);
            }

            if (_log.HasWrites)
            {
                _log.Commit();
                _log.Publish(_upkeep.Ledger);
            }
        }
        catch (NoRoomException e)
        {
            return NotWritten(
                $"The disk of {_options.Folder} is full; nothing was written. Free space there. {e.Message}");
        }
        catch (OutOfMemoryException) when (!_log.MayBeDurable)
        {
            return NotWritten(
                $"The process had no memory left for the next row of {_options.Folder}; nothing was written.");
        }

        List<AppendRequest> appended = [];
        foreach (WriteRequest request in batch)
        {
            request.Committed(_upkeep);
            if (request is AppendRequest append)
            {
                appended.Add(append);
            }
        }

        if (appended.Count > 0)
        {
            AppendRequest.Answer(appended);
        }

        _log.Clear();
        return null;
    }

    private WriteFailure NotWritten(string reason)
    {
        _log.Clear();
        return new WriteFailure(false, reason);
    }

    private void Die(Exception e, List<WriteRequest> batch)
    {
        HasFailed = true;
        e = _log.Lost(e);
        string what = e is OutOfMemoryException
            ? $"The process had no memory left while it wrote to {_options.Folder}"
            : $"The disk of {_options.Folder} failed";
        WriteFailure failure = new(true, e is FolderLostException
            ? e.Message
            : $"{what}; what is durable shows at the next start. {e.Message}");
        List<WriteRequest> waiting;
        lock (_gate)
        {
            Volatile.Write(ref _closed, failure);
            waiting = [.. batch, .. _requests];
            _requests.Clear();
            Monitor.Pulse(_gate);
        }

        waiting.ForEach(request => request.Failed(failure));
        _options.OnDiskFailure(failure.Reason, e);
    }
}
