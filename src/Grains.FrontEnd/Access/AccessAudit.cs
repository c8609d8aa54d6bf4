using Grains.Operations.Access;
using Grains.Silo.Telemetry;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Access;

/// <summary>
/// Says who did what may only be done with the permission <c>admin</c>, and who was let in for nothing; counts both.
/// Keys are named, never shown. What strangers can cause without end is said at a bounded pace.
/// </summary>
public sealed partial class AccessAudit(TimeProvider time, ILogger<AccessAudit> log) : IRefusalLog
{
    private const int _burst = 10;
    private const string _nobody = "no key";

    private readonly LogPace _pace = new(time, _burst);

    /// <summary>Once the request is answered, it is said what was asked for, by whom, and what came of it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="route">Method and path as documented: not what was asked for, of which there is no end.</param>
    /// <param name="caller">Null: no keys are asked for.</param>
    internal void Follow(HttpContext http, string route, HeldKey? caller) => http.Response.OnCompleted(
        () =>
        {
            bool isKnown = http.Response.HasStarted;
            int status = http.Response.StatusCode;
            string outcome = !isKnown ? "unknown" : status < StatusCodes.Status400BadRequest ? "done" : "refused";
            Count(route, outcome);
            LogDone(
                log, LogText.Of(caller?.Key.Name ?? _nobody), Address(http), http.Request.Method, Target(http),
                isKnown ? $"{status}" : "nothing, the caller went away");
            return Task.CompletedTask;
        });

    /// <summary>A caller was refused before anything was looked at.</summary>
    /// <param name="http">The request.</param>
    /// <param name="status">401 or 403.</param>
    /// <param name="key">The name of the key that was given and is known; null = none.</param>
    public void Refused(HttpContext http, int status, string? key)
    {
        bool isKnown = status != StatusCodes.Status401Unauthorized;
        KeyGuesses.CountRefused(isKnown);
        if (_pace.MayWrite(out long unsaid))
        {
            LogRefused(
                log, status, isKnown ? "forbidden" : "unauthenticated", LogText.Of(key ?? "no known key"),
                Address(http), http.Request.Method, Target(http), unsaid);
        }
    }

    public void SumUp()
    {
        if (_pace.MaySumUp(out long unsaid))
        {
            LogUnsaid(log, unsaid);
        }
    }

    private static string Address(HttpContext http) =>
        $"{http.Connection.RemoteIpAddress}:{http.Connection.RemotePort}";

    /// <summary>Without the query.</summary>
    private static string Target(HttpContext http) => LogText.Of(http.Request.Path.Value);
}
