using Grains.Api.Problems;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Pages;
using Grains.FrontEnd.Paths;
using Grains.FrontEnd.Problems;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Grains.FrontEnd.Gate;

/// <summary>
/// Stands before routing. Refuses paths that routing would normalise into others, and turns whatever goes wrong behind
/// it into a problem.
/// </summary>
internal sealed partial class RequestGate(RequestDelegate next, ILogger<RequestGate> log)
{
    public Task InvokeAsync(HttpContext http)
    {
        PageHeaders.Set(http.Response.Headers);
        var connection = http.Features.Get<OpenConnection>();
        connection?.BeginRequest();
        Task handled = BeginAsync(http);
        if (handled.IsCompletedSuccessfully && !IsBare(http))
        {
            connection?.EndRequest();
            return handled;
        }

        return FinishAsync(http, handled, connection);
    }

    private Task BeginAsync(HttpContext http)
    {
        if (!RequestPath.IsSafe(RequestPath.RawTarget(http)))
        {
            return ProblemAnswer.WriteAsync(http, ProblemCode.BadPath,
                "The target must be a path that begins with '/' and has no segment '.' or '..', plain or encoded, and "
                + "no backslash.");
        }

        try
        {
            return next(http);
        }
        catch (Exception e)
        {
            return Task.FromException(e);
        }
    }

    private async Task FinishAsync(HttpContext http, Task handled, OpenConnection? connection)
    {
        try
        {
            await handled;
            if (IsBare(http))
            {
                (ProblemCode code, string detail) = http.Response.StatusCode == StatusCodes.Status405MethodNotAllowed
                    ? (ProblemCode.MethodNotAllowed, $"This route does not take {http.Request.Method}; the Allow "
                        + "header lists what it takes.")
                    : (ProblemCode.RouteNotFound, "No route has this path; /openapi/v1.json lists them.");
                await ProblemAnswer.WriteAsync(http, code, detail);
            }
        }
        catch (Exception e)
        {
            await RefuseAsync(http, e);
        }
        finally
        {
            connection?.EndRequest();
        }
    }

    /// <summary>Routing found nothing and left only a status.</summary>
    private static bool IsBare(HttpContext http) =>
        http.Response.StatusCode is StatusCodes.Status404NotFound or StatusCodes.Status405MethodNotAllowed
        && !http.Response.HasStarted
        && http.Response.ContentLength is null
        && http.Response.ContentType is null;

    private Task RefuseAsync(HttpContext http, Exception e)
    {
        // A reset, or the server's own end, is seen by a read of the body before it reaches the token.
        if ((e as OperationCanceledException)?.InnerException is ConnectionAbortedException
            || e is ConnectionResetException or ConnectionAbortedException
            || http.RequestAborted.IsCancellationRequested)
        {
            LogGone(log, http.Request.Method);
            http.Abort();
            return Task.CompletedTask;
        }

        string? instance = null;
        if (Translate(e) is not { } refused)
        {
            instance = $"urn:grains:fault:{Guid.NewGuid():n}";
            LogFault(log, e, instance, http.Request.Method, http.GetEndpoint()?.DisplayName);
            refused = new OperationError(ProblemCode.Internal, "The server's log says more under this instance.")
            {
                Outcome = Outcome.Unknown,
            };
        }

        if (http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }

        http.Response.Clear();
        PageHeaders.Set(http.Response.Headers);
        return ProblemAnswer.WriteAsync(http, refused, instance);
    }

    private static OperationError? Translate(Exception e) => e switch
    {
        RequestRefusedException refused => refused.Error,
        OutOfMemoryException => new OperationError(
            ProblemCode.Unavailable,
            "The server had no memory left for this request. Give it more, or ask for less at once.")
        {
            Outcome = Outcome.Unknown,
        },
        BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout } => new OperationError(
            ProblemCode.BodyTooSlow,
            "The body arrived at less than 240 bytes a second; over 64 KiB, at less than 16 KiB a second."),
        BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge } =>
            new OperationError(ProblemCode.TooLarge, "The body is over the server's limit."),
        BadHttpRequestException bad => new OperationError(ProblemCode.BadBody, bad.Message),
        _ => Refusals.Of(e),
    };
}
