using Grains.Api;
using Grains.Operations.Errors;
using Grains.StateMachines.Ids;

namespace Grains.Operations.Paging;

/// <summary>A page in bytewise order; <see cref="More"/> = something comes after its last entry.</summary>
public sealed record MergedPage<T>(IReadOnlyList<T> Entries, bool More);

/// <summary>
/// Merges pages of many partitions into one in bytewise order of their names, each partition consistent for itself.
/// Reads small pieces, a bounded number at once, and goes on where a piece ends, so that neither the number of
/// partitions nor the size of what they hold decides the memory of a request.
/// </summary>
/// <param name="read">A piece of one partition: (partition, only names after this, at most so many).</param>
/// <param name="nameOf">What orders the entries; no two partitions hold the same name.</param>
/// <param name="bytesOf">What counts against <see cref="Limits.PageBytes"/>.</param>
public sealed class PageMerge<T>(
    Func<PartitionId, Utf8Name, int, ValueTask<Result<MergedPage<T>>>> read, Func<T, Utf8Name> nameOf, Func<T,
    int> bytesOf)
{
    private const int _readsAtOnce = 16;
    private const int _pieceMin = 8;

    /// <returns>A page, or the refusal of any partition.</returns>
    public async Task<Result<MergedPage<T>>> ReadAsync(
        IReadOnlyList<PartitionId> partitions, Utf8Name after, int limit, CancellationToken cancel)
    {
        int piece = partitions.Count == 1
            ? limit
            : Math.Clamp(2 * limit / partitions.Count, Math.Min(_pieceMin, limit), limit);
        var sources = new Source[partitions.Count];
        var options = new ParallelOptions { MaxDegreeOfParallelism = _readsAtOnce, CancellationToken = cancel };
        OperationError? refused = null;
        await Parallel.ForAsync(0, sources.Length, options, async (i, _) =>
        {
            if ((await read(partitions[i], after, piece)).TryGet(out MergedPage<T>? page, out OperationError? error))
            {
                sources[i] = new Source(partitions[i], page);
            }
            else
            {
                refused = error;
            }
        });
        return refused is null ? await MergeAsync(sources, limit, piece) : refused;
    }

    private async Task<Result<MergedPage<T>>> MergeAsync(Source[] sources, int limit, int piece)
    {
        var heads = new PriorityQueue<Source, Utf8Name>();
        foreach (Source source in sources)
        {
            Enqueue(heads, source);
        }

        var entries = new List<T>(Math.Min(limit, piece * sources.Length));
        long bytes = 0;
        while (entries.Count < limit && heads.TryPeek(out Source? source, out Utf8Name name))
        {
            T entry = source.Page.Entries[source.At];
            bytes += bytesOf(entry);
            if (bytes > Limits.PageBytes && entries.Count > 0)
            {
                break;
            }

            heads.Dequeue();
            entries.Add(entry);
            source.At++;
            if (source.At == source.Page.Entries.Count && source.Page.More && entries.Count < limit)
            {
                if (!(await read(source.Partition, name, piece)).TryGet(
                    out MergedPage<T>? next, out OperationError? error))
                {
                    return error;
                }

                source.Page = next;
                source.At = 0;
            }

            Enqueue(heads, source);
        }

        return new MergedPage<T>(entries, heads.Count > 0 || sources.Any(s => s.HasMore));
    }

    private void Enqueue(PriorityQueue<Source, Utf8Name> heads, Source source)
    {
        if (source.At < source.Page.Entries.Count)
        {
            heads.Enqueue(source, nameOf(source.Page.Entries[source.At]));
        }
        else if (source.Page.More && source.Page.Entries.Count == 0)
        {
            throw new InvalidOperationException(
                $"Partition {source.Partition} gave an empty page and says that more follows.");
        }
    }

    private sealed class Source(PartitionId partition, MergedPage<T> page)
    {
        public PartitionId Partition { get; } = partition;

        public MergedPage<T> Page { get; set; } = page;

        public int At { get; set; }

        public bool HasMore => At < Page.Entries.Count || Page.More;
    }
}
