using System.Collections.Concurrent;
using Grains.StateMachines.Batches;

namespace Grains.Operations.Declarations;

/// <summary>
/// Snapshots by name. A declaration that was deleted or replaced through another server is noticed after
/// <see cref="FreshMs"/> at the latest, or at once when a partition says that the id is gone; one that is missing here
/// is always read, so that what was declared anywhere can be used everywhere from then on. While the partition that has
/// the declarations is unavailable, what is known is used up to <see cref="OldMsMax"/>: else all partitions would wait
/// for that one.
/// </summary>
/// <param name="read">Reads the declaration as fresh as asked; null = there is none.</param>
public sealed class DeclarationCache<T>(Func<string, ReadConsistency, Task<T?>> read, TimeProvider time)
    where T : class
{
    /// <summary>A watch on the system keyspace will replace this age.</summary>
    public const int FreshMs = 1_000;

    /// <summary>No declaration is used that was not read for so long.</summary>
    public const int OldMsMax = 60_000;

    /// <summary>A read that takes longer is not waited for, where something is known.</summary>
    public const int CallerTimeoutMs = 100;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Null = no such declaration.</summary>
    public ValueTask<T?> FindAsync(ReadOnlySpan<char> name)
    {
        if (!_entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out Entry? entry))
        {
            return new ValueTask<T?>(ReadOnceAsync(name.ToString()));
        }

        double ageMs = time.GetElapsedTime(entry.ReadAt).TotalMilliseconds;
        return ageMs < FreshMs
            ? new ValueTask<T?>(entry.Snapshot)
            : new ValueTask<T?>(RereadAsync(name.ToString(), entry, mayBeOld: ageMs < OldMsMax));
    }

    /// <summary>
    /// Whatever is known here, however old; else what the partition that has it last knew. Nothing of that is kept for
    /// those who want the present.
    /// </summary>
    public ValueTask<T?> FindOldAsync(ReadOnlySpan<char> name) =>
        _entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out Entry? entry)
            ? new ValueTask<T?>(entry.Snapshot)
            : new ValueTask<T?>(read(name.ToString(), ReadConsistency.Stale));

    /// <summary>A read that began before the one that is kept, and ended after it, changes nothing.</summary>
    /// <param name="readAt">When the read began, or the write had ended, that gave the snapshot.</param>
    public void Set(string name, T snapshot, long readAt)
    {
        var entry = new Entry(snapshot, readAt);
        _entries.AddOrUpdate(name, entry, (_, kept) => kept.ReadAt > readAt ? kept : entry);
    }

    public void Forget(string name) => _entries.TryRemove(name, out _);

    /// <summary>Those who find the same old entry share one read.</summary>
    private async Task<T?> RereadAsync(string name, Entry entry, bool mayBeOld)
    {
        (Task<T?> reread, long startedAt) = entry.Reread(() => ReadOnceAsync(name), time);
        if (!mayBeOld)
        {
            return await reread;
        }

        TimeSpan left = TimeSpan.FromMilliseconds(CallerTimeoutMs) - time.GetElapsedTime(startedAt);
        if (left > TimeSpan.Zero)
        {
            await Task.WhenAny(reread, Task.Delay(left, time));
        }

        return reread.IsCompletedSuccessfully ? await reread : entry.Snapshot;
    }

    private async Task<T?> ReadOnceAsync(string name)
    {
        long readAt = time.GetTimestamp();
        if (await read(name, default) is { } snapshot)
        {
            Set(name, snapshot, readAt);
            return snapshot;
        }

        Forget(name);
        return null;
    }

    private sealed class Entry(T snapshot, long readAt)
    {
        private readonly Lock _lock = new();
        private Task<T?>? _reread;
        private long _startedAt;

        public T Snapshot { get; } = snapshot;

        public long ReadAt { get; } = readAt;

        /// <summary>One at a time; after one that failed, another.</summary>
        public (Task<T?> Reread, long StartedAt) Reread(Func<Task<T?>> start, TimeProvider time)
        {
            lock (_lock)
            {
                if (_reread is null or { IsFaulted: true } or { IsCanceled: true })
                {
                    _startedAt = time.GetTimestamp();
                    _reread = start();
                    _ = EndAsync(_reread);
                }

                return (_reread, _startedAt);
            }
        }

        /// <summary>A failure that nobody waits for any more is no news: the next read says the same.</summary>
        private static async Task EndAsync(Task reread) =>
            await reread.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
