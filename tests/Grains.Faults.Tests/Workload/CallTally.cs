using System.Collections.Concurrent;
using System.Globalization;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// What became of calls: how many, how many with an unknown end, and every kind of failure by its name.
/// </summary>
internal sealed class CallTally
{
    private readonly ConcurrentDictionary<string, long> _failures = new(StringComparer.Ordinal);
    private long _calls;
    private long _unknown;

    public long Calls => Interlocked.Read(ref _calls);

    public long Unknown => Interlocked.Read(ref _unknown);

    public long Failed => _failures.Values.Sum();

    public void Count(Reply reply)
    {
        Interlocked.Increment(ref _calls);
        if (reply.Kind == ReplyKind.Decided)
        {
            return;
        }

        _failures.AddOrUpdate(reply.Failure, 1, (_, before) => before + 1);
        if (reply.Kind == ReplyKind.Unknown)
        {
            Interlocked.Increment(ref _unknown);
        }
    }

    /// <summary>The failures, most frequent first: <c>503 unavailable 12, no connection 3</c>.</summary>
    public string Failures() => _failures.IsEmpty
        ? "none"
        : string.Join(", ", _failures.OrderByDescending(f => f.Value).ThenBy(f => f.Key, StringComparer.Ordinal)
            .Select(f => $"{f.Key} {f.Value.ToString("N0", CultureInfo.InvariantCulture)}"));

    /// <summary>The share of calls whose end nobody knows.</summary>
    public string UnknownShare() =>
        (Calls == 0 ? 0 : (double)Unknown / Calls).ToString("0.0 %", CultureInfo.InvariantCulture);
}
