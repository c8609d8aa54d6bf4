using Grains.Operations.Access;
using Grains.Operations.Errors;
using Grains.Operations.Rates;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Grains.FrontEnd.Rates;

/// <summary>Slows down who guesses keys, always, and who asks too often, if the operator says what that is.</summary>
internal sealed class CallerRates(KeyGuesses guesses, IOptions<FrontEndOptions> options, TimeProvider time)
{
    private const int _callersMax = 16_384;

    private readonly RateTable<Caller>? _requests = options.Value.RequestsPerSecondMax is { } perSecond
        ? new RateTable<Caller>(new Rate(perSecond, perSecond), _callersMax, time)
        : null;

    /// <summary>Its key was wrong. Null: it may guess on.</summary>
    public OperationError? RefuseGuess(HttpContext http) =>
        http.Request.Headers.Authorization.Count > 0
            ? guesses.Refuse(CallerGroup.Of(http.Connection.RemoteIpAddress))
            : null;

    /// <summary>It may do what it asks for. Null: it does so not too often.</summary>
    public OperationError? Refuse(Caller caller) =>
        _requests?.Take(caller) is { } wait && wait > TimeSpan.Zero
            ? LimitedRequests.Refuse(
                "rate", "More requests a second came of this key, or this address, than the server takes.", wait)
            : null;
}
