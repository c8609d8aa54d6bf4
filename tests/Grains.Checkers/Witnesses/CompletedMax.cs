namespace Grains.Checkers.Witnesses;

/// <summary>The highest number among those that had been given before a moment.</summary>
internal sealed class CompletedMax
{
    private readonly long[] _returns;
    private readonly long[] _highest;

    public CompletedMax(IEnumerable<(long Number, long ReturnNs)> given)
    {
        (long Number, long ReturnNs)[] byReturn = [.. given.OrderBy(g => g.ReturnNs)];
        _returns = [.. byReturn.Select(g => g.ReturnNs)];
        _highest = new long[byReturn.Length];
        long highest = 0;
        for (int i = 0; i < byReturn.Length; i++)
        {
            highest = Math.Max(highest, byReturn[i].Number);
            _highest[i] = highest;
        }
    }

    /// <summary>The revisions of writes.</summary>
    public CompletedMax(IEnumerable<Witness> writes)
        : this(writes.Select(w => (w.Revision, w.ReturnNs)))
    {
    }

    public long? Before(long ns)
    {
        int answered = Moments.CountBelow(_returns, ns);
        return answered == 0 ? null : _highest[answered - 1];
    }
}
