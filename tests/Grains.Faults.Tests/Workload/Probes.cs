using System.Diagnostics;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// A writer for every partition, through the servers that no fault is meant for: they tell how long it was gone.
/// </summary>
internal sealed class Probes(IEnumerable<uint> partitions, Callers callers, LoadRecord record) : IAsyncDisposable
{
    /// <summary>Long enough for a cluster in order, and short enough to tell how long a partition was gone.</summary>
    public static readonly TimeSpan CallDeadline = TimeSpan.FromSeconds(1);

    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(20);

    private readonly CancellationTokenSource _stop = new();
    private Task _writing = Task.CompletedTask;

    public IReadOnlyList<PartitionWriter> Writers { get; } =
        [.. partitions.Select(p => new PartitionWriter(p, callers.Next(), record))];

    public IReadOnlyList<Uri> Servers => callers.Servers;

    public CallTally Tally => callers.Tally;

    /// <summary>A write that takes longer has failed.</summary>
    public TimeSpan Deadline
    {
        set => callers.Deadline = value;
    }

    public void Start() => _writing = Task.WhenAll(Writers.Select(w => w.RunAsync(_stop.Token)));

    /// <summary>From the next call on; returns when every partition was written through them.</summary>
    public async Task UseAsync(IReadOnlyList<Uri> servers, TimeSpan deadline)
    {
        callers.Servers = servers;
        await AllSucceedAsync(LoadRecord.NowNs(), deadline);
    }

    /// <summary>Waits until every partition was written by a call that began after that moment.</summary>
    public async Task AllSucceedAsync(long sinceNs, TimeSpan deadline)
    {
        for (var waited = Stopwatch.StartNew(); !Writers.All(
            w => w.HasSucceededSince(sinceNs)); await Task.Delay(_pollPeriod))
        {
            if (waited.Elapsed > deadline)
            {
                IEnumerable<uint> silent = Writers.Where(w => !w.HasSucceededSince(sinceNs)).Select(w => w.Partition);
                throw new TimeoutException(
                    $"After {deadline.TotalSeconds} s these partitions were not written: {string.Join(", ", silent)}. "
                    + $"Calls failed so far: {callers.Tally.Failures()}");
            }
        }
    }

    /// <summary>Returns when no call is under way.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _writing;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _stop.Dispose();
        callers.Dispose();
    }
}
