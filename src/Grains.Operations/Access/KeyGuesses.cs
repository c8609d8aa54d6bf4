using System.Diagnostics.Metrics;
using Grains.Operations.Errors;
using Grains.Operations.Rates;
using Grains.Silo.Telemetry;

namespace Grains.Operations.Access;

/// <summary>
/// Slows down who guesses keys, over all doors together. A key is looked at first: one that is right is never slowed
/// down by the guesses of others behind the same address.
/// </summary>
public sealed class KeyGuesses(TimeProvider time)
{
    private const int _callersMax = 16_384;

    /// <summary>Ten guesses of an address at once, then ten a minute.</summary>
    private static readonly Rate _guesses = new(PerSecond: 10 / 60.0, Burst: 10);

    private static readonly Counter<long> _refused = GrainsMeter.Instance.CreateCounter<long>(
        "grains.access.refused", "{request}",
        "Requests refused for want of a known key (unauthenticated) or of its permission (forbidden).");

    private readonly RateTable<CallerGroup> _failures = new(_guesses, _callersMax, time);

    /// <summary>Counts one that was not let in.</summary>
    /// <param name="isKnown">Its key is, and may not do that.</param>
    public static void CountRefused(bool isKnown) => _refused.Add(
        1, new KeyValuePair<string, object?>("reason", isKnown ? "forbidden" : "unauthenticated"));

    /// <summary>A key was wrong. Null: who gave it may guess on.</summary>
    public OperationError? Refuse(CallerGroup from) =>
        _failures.Take(from) is var wait && wait > TimeSpan.Zero
            ? LimitedRequests.Refuse(
                "wrong-keys", "Too many wrong keys came from this address. A right one is taken at any time.", wait)
            : null;
}
