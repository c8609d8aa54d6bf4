namespace Grains.Journal.Segments;

/// <summary>
/// One thread for what no flush should wait for: preparing a segment, putting segments together, deleting files.
/// </summary>
internal sealed class SegmentKeeper : IDisposable
{
    private readonly object _gate = new();
    private readonly Queue<Action> _jobs = new();
    private readonly Thread _thread;
    private bool _closing;
    private volatile Exception? _failure;

    public SegmentKeeper()
    {
        _thread = new Thread(Run) { Name = "grains journal keeper", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Set when the disk failed under it: the writer ends then.</summary>
    public Exception? Failure => _failure;

    /// <summary>
    /// After those that were posted before. A full disk is the job's own business, any other trouble is not.
    /// </summary>
    public void Post(Action job)
    {
        lock (_gate)
        {
            _jobs.Enqueue(job);
            Monitor.Pulse(_gate);
        }
    }

    /// <summary>Does what was posted, then ends the thread.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        while (Next() is { } job)
        {
            try
            {
                job();
            }
            catch (Exception e)
            {
                _failure ??= e;
            }
        }
    }

    private Action? Next()
    {
        lock (_gate)
        {
            while (_jobs.Count == 0 && !_closing)
            {
                Monitor.Wait(_gate);
            }

            return _failure is null && _jobs.TryDequeue(out Action? job) ? job : null;
        }
    }
}
