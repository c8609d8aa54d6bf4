using System.Collections.Concurrent;
using System.Diagnostics;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// Partitions that are read ahead on this server, until it acquires them or a while has passed. Each is read by one at
/// a time. Any thread.
/// </summary>
internal sealed class PartitionPreloads(PartitionRuntime runtime)
{
    /// <summary>A hand-over follows its preload at once; memory is not kept for one that was given up.</summary>
    private static readonly TimeSpan _kept = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<PartitionId, Entry> _entries = new();

    /// <summary>Reads it ahead, or what came since; returns how long that took.</summary>
    public async Task<TimeSpan> ReadAsync(PartitionId partition)
    {
        long begun = Stopwatch.GetTimestamp();
        Task<PreloadedPartition> reading = BeginRead(partition, await TakeAsync(partition));
        await reading;
        ForgetLater(partition, _entries[partition] = new Entry { Reading = reading });
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>
    /// For a server that starts, before it may acquire anything: reads them one after another, on as many threads.
    /// Those that are taken before it is their turn are left out.
    /// </summary>
    public void Begin(IReadOnlyList<PartitionId> partitions, int threads)
    {
        Entry[] all = [.. partitions.Select(p => _entries[p] = new Entry())];
        int next = -1;
        for (int i = 0; i < threads; i++)
        {
            _ = Task.Run(ReadOnAsync);
        }

        async Task ReadOnAsync()
        {
            for (int at = Interlocked.Increment(ref next); at < all.Length; at = Interlocked.Increment(ref next))
            {
                if (all[at].TryBegin(() => BeginRead(partitions[at], null)) is { } reading)
                {
                    // Who takes it meets what is wrong with it too.
                    await ((Task)reading).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                    ForgetLater(partitions[at], all[at]);
                }
            }
        }
    }

    /// <summary>
    /// What was read ahead, for one taker, when it has been; null = nothing, or it is too old to be kept, or could not
    /// be read.
    /// </summary>
    public async Task<PreloadedPartition?> TakeAsync(PartitionId partition)
    {
        if (!_entries.TryRemove(partition, out Entry? entry) || entry.Take() is not { } reading)
        {
            return null;
        }

        await ((Task)reading).ConfigureAwait(
            ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        return reading.IsCompletedSuccessfully ? await reading : null;
    }

    /// <summary>Not on the scheduler of whoever asks: reading a large partition takes a while.</summary>
    private Task<PreloadedPartition> BeginRead(PartitionId partition, PreloadedPartition? earlier) =>
        Task.Run(() => PartitionRecovery.PreloadAsync(partition, runtime, earlier, CancellationToken.None));

    private void ForgetLater(PartitionId partition, Entry entry) => _ = Task.Delay(_kept).ContinueWith(
        _ => _entries.TryRemove(KeyValuePair.Create(partition, entry)), TaskScheduler.Default);

    /// <summary>One that is to be read, is being read, or was.</summary>
    private sealed class Entry
    {
        private readonly Lock _lock = new();
        private bool _isTaken;

        public Task<PreloadedPartition>? Reading { get; set; }

        /// <summary>Null: it was taken before.</summary>
        public Task<PreloadedPartition>? TryBegin(Func<Task<PreloadedPartition>> read)
        {
            lock (_lock)
            {
                return _isTaken ? null : Reading = read();
            }
        }

        /// <summary>Null: nobody has begun to read it, nor will.</summary>
        public Task<PreloadedPartition>? Take()
        {
            lock (_lock)
            {
                _isTaken = true;
                return Reading;
            }
        }
    }
}
