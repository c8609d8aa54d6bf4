using System.Collections.Concurrent;
using System.Diagnostics;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>
/// Partitions that were read ahead on this server, until it acquires them or a while has passed. Each is read by one at
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
        PreloadedPartition? earlier = Take(partition);

        // Not on the scheduler of whoever asks: reading a large partition takes a while.
        PreloadedPartition read = await Task.Run(
            () => PartitionRecovery.PreloadAsync(partition, runtime, earlier, CancellationToken.None));
        _entries[partition] = new Entry(read, Stopwatch.GetTimestamp());
        _ = ForgetLaterAsync();
        return Stopwatch.GetElapsedTime(begun);
    }

    /// <summary>What was read ahead, for one taker; null = nothing, or it is too old to be kept.</summary>
    public PreloadedPartition? Take(PartitionId partition) =>
        _entries.TryRemove(partition, out Entry? entry) && Stopwatch.GetElapsedTime(entry.At) < _kept
            ? entry.Partition
            : null;

    private async Task ForgetLaterAsync()
    {
        await Task.Delay(_kept + TimeSpan.FromMilliseconds(1));
        foreach ((PartitionId partition, Entry entry) in _entries)
        {
            if (Stopwatch.GetElapsedTime(entry.At) >= _kept)
            {
                _entries.TryRemove(KeyValuePair.Create(partition, entry));
            }
        }
    }

    private sealed record Entry(PreloadedPartition Partition, long At);
}
