using System.Collections.Concurrent;
using Grains.StateMachines.Partitions;

namespace Grains.FrontEnd.Declarations;

/// <summary>
/// Snapshots by name. A declaration that was deleted or replaced through another server is noticed after
/// <see cref="FreshMs"/> at the latest, or at once when a partition says that the id is gone; one that is missing here
/// is always read, so that what was declared anywhere can be used everywhere from then on.
/// </summary>
/// <param name="read">Reads the declaration as fresh as asked; null = there is none.</param>
internal sealed class DeclarationCache<T>(Func<string, ReadChoice, Task<T?>> read, TimeProvider time)
    where T : class
{
    /// <summary>A watch on the system keyspace will replace this age.</summary>
    public const int FreshMs = 1_000;

    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>Null = no such declaration.</summary>
    public ValueTask<T?> FindAsync(ReadOnlySpan<char> name)
    {
        if (_entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out Entry? entry)
            && time.GetElapsedTime(entry.ReadAt).TotalMilliseconds < FreshMs)
        {
            return new ValueTask<T?>(entry.Snapshot);
        }

        return new ValueTask<T?>(ReadAsync(name.ToString(), entry));
    }

    /// <summary>
    /// Whatever is known here, however old; else what the partition that has it last knew. Nothing of that is kept for
    /// those who want the present.
    /// </summary>
    public ValueTask<T?> FindOldAsync(ReadOnlySpan<char> name) =>
        _entries.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(name, out Entry? entry)
            ? new ValueTask<T?>(entry.Snapshot)
            : new ValueTask<T?>(read(name.ToString(), ReadChoice.Stale));

    /// <summary>A read that began before the one that is kept, and ended after it, changes nothing.</summary>
    /// <param name="readAt">When the read began, or the write had ended, that gave the snapshot.</param>
    public void Set(string name, T snapshot, long readAt)
    {
        var entry = new Entry(snapshot, readAt);
        _entries.AddOrUpdate(name, entry, (_, kept) => kept.ReadAt > readAt ? kept : entry);
    }

    public void Forget(string name) => _entries.TryRemove(name, out _);

    private Task<T?> ReadAsync(string name, Entry? stale)
    {
        // Those who find the same stale entry share one read; each first reader of a name reads for itself.
        return stale is null ? ReadOnceAsync(name) : stale.Reread(() => ReadOnceAsync(name));
    }

    private async Task<T?> ReadOnceAsync(string name)
    {
        long readAt = time.GetTimestamp();
        T? snapshot = null;
        try
        {
            snapshot = await read(name, default);
        }
        finally
        {
            // Also after a failure: the next one must read again instead of sharing the failed read for ever.
            if (snapshot is null)
            {
                Forget(name);
            }
            else
            {
                Set(name, snapshot, readAt);
            }
        }

        return snapshot;
    }

    private sealed class Entry(T snapshot, long readAt)
    {
        private readonly Lock _lock = new();
        private Task<T?>? _reread;

        public T Snapshot { get; } = snapshot;

        public long ReadAt { get; } = readAt;

        public Task<T?> Reread(Func<Task<T?>> start)
        {
            lock (_lock)
            {
                return _reread ??= start();
            }
        }
    }
}
