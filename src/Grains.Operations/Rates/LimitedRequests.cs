using System.Diagnostics.Metrics;
using Grains.Api.Problems;
using Grains.Operations.Errors;
using Grains.Silo.Telemetry;

namespace Grains.Operations.Rates;

/// <summary>Refuses who asks too often, through whichever door, and counts it.</summary>
public static class LimitedRequests
{
    private static readonly Counter<long> _limited = GrainsMeter.Instance.CreateCounter<long>(
        "grains.requests.limited", null, "Requests refused because their caller asks, or guesses keys, too often.");

    /// <param name="why">For the metric.</param>
    /// <param name="detail">For the caller.</param>
    /// <param name="wait">Until it may again.</param>
    public static OperationError Refuse(string why, string detail, TimeSpan wait)
    {
        _limited.Add(1, new KeyValuePair<string, object?>("why", why));
        return new OperationError(ProblemCode.RateLimited, detail)
        {
            RetryAfterMs = (int)Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 1, int.MaxValue),
        };
    }
}
