namespace Grains.StateMachines.Batches;

/// <summary>
/// Revisions that this history never gave out: those between the end of what was restored and its marked epoch record.
/// Another history may have; an id of it is not one that was finished here. One range for each restore.
/// </summary>
internal sealed class LostRevisions
{
    private readonly SortedDictionary<long, long> _ranges = [];

    /// <summary>First and last of each range, in order.</summary>
    public KeyValuePair<long, Range>[] All => [.. _ranges.Select(r => KeyValuePair.Create(r.Key, new Range(r.Value)))];

    public void Add(long first, long last)
    {
        if (first <= last)
        {
            _ranges[first] = last;
        }
    }

    public bool Contains(long revision)
    {
        foreach ((long first, long last) in _ranges)
        {
            if (revision >= first && revision <= last)
            {
                return true;
            }
        }

        return false;
    }

    /// <param name="Last">The last revision of it.</param>
    public sealed record Range(long Last);
}
