namespace Grains.Checkers.Witnesses;

/// <summary>The highest revision among the writes that had been answered before a moment.</summary>
internal sealed class CompletedMax
{
    private readonly long[] _returns;
    private readonly long[] _highest;

    public CompletedMax(IEnumerable<Witness> writes)
    {
        Witness[] byReturn = [.. writes.OrderBy(w => w.ReturnNs)];
        _returns = [.. byReturn.Select(w => w.ReturnNs)];
        _highest = new long[byReturn.Length];
        long highest = 0;
        for (int i = 0; i < byReturn.Length; i++)
        {
            highest = Math.Max(highest, byReturn[i].Revision);
            _highest[i] = highest;
        }
    }

    public long? RevisionBefore(long ns)
    {
        int answered = Moments.CountBelow(_returns, ns);
        return answered == 0 ? null : _highest[answered - 1];
    }
}
