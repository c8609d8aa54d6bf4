using System.Diagnostics.Metrics;
using Grains.Api.Problems;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Rates;

/// <summary>
/// Slows down who guesses keys, always, and who asks too often, if the operator says what that is. A key is looked at
/// first: one that is right is never slowed down by the guesses of others behind the same address.
/// </summary>
internal sealed class CallerRates
{
    private const int _callersMax = 16_384;

    /// <summary>Ten guesses of an address at once, then ten a minute.</summary>
    private static readonly Rate _guesses = new(PerSecond: 10 / 60.0, Burst: 10);

    private static readonly Counter<long> _limited = GrainsMeter.Instance.CreateCounter<long>(
        "grains.requests.limited", null, "Requests refused because their caller asks, or guesses keys, too often.");

    private readonly RateTable<CallerGroup> _failures;
    private readonly RateTable<Caller>? _requests;

    public CallerRates(IOptions<FrontEndOptions> options, TimeProvider time)
    {
        _failures = new RateTable<CallerGroup>(_guesses, _callersMax, time);
        _requests = options.Value.RequestsPerSecondMax is { } perSecond
            ? new RateTable<Caller>(new Rate(perSecond, perSecond), _callersMax, time)
            : null;
    }

    /// <summary>Its key was wrong. Null: it may guess on.</summary>
    public OperationError? RefuseGuess(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0 && _failures.Take(FromOf(http)) is var wait && wait > TimeSpan.Zero
            ? Refuse(
                "wrong-keys", "Too many wrong keys came from this address. A right one is taken at any time.", wait)
            : null;

    /// <summary>It may do what it asks for. Null: it does so not too often.</summary>
    public OperationError? Refuse(Caller caller) =>
        _requests?.Take(caller) is { } wait && wait > TimeSpan.Zero
            ? Refuse("rate", "More requests a second came of this key, or this address, than the server takes.", wait)
            : null;

    private static CallerGroup FromOf(HttpContext http) => CallerGroup.Of(http.Connection.RemoteIpAddress);

    private static OperationError Refuse(string why, string detail, TimeSpan wait)
    {
        _limited.Add(1, new KeyValuePair<string, object?>("why", why));
        return new OperationError(ProblemCode.RateLimited, detail)
        {
            RetryAfterMs = (int)Math.Clamp(Math.Ceiling(wait.TotalMilliseconds), 1, int.MaxValue),
        };
    }
}
