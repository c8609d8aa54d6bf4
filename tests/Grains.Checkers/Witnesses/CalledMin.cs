namespace Grains.Checkers.Witnesses;

/// <summary>The lowest revision among the writes that were asked for only after a moment.</summary>
internal sealed class CalledMin
{
    private readonly long[] _calls;
    private readonly long[] _lowest;

    public CalledMin(IEnumerable<Witness> writes)
    {
        Witness[] byCall = [.. writes.OrderBy(w => w.CallNs)];
        _calls = [.. byCall.Select(w => w.CallNs)];
        _lowest = new long[byCall.Length];
        long lowest = long.MaxValue;
        for (int i = byCall.Length - 1; i >= 0; i--)
        {
            lowest = Math.Min(lowest, byCall[i].Revision);
            _lowest[i] = lowest;
        }
    }

    public long? RevisionAfter(long ns)
    {
        int first = Moments.CountBelow(_calls, ns + 1);
        return first == _calls.Length ? null : _lowest[first];
    }
}
