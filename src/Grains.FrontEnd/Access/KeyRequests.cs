using Grains.Api.Problems;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Routes;
using Grains.Operations.Access;
using Grains.Operations.Errors;
using Microsoft.AspNetCore.Http;

namespace Grains.FrontEnd.Access;

/// <summary>Requests live no longer than what their key may do.</summary>
internal static class KeyRequests
{
    /// <summary>Carries out a request that was let in.</summary>
    public static async Task RunAsync(HttpContext http, ApiHandler handler, Caller caller, KeyLife.Stage stage)
    {
        CancellationToken gone = http.RequestAborted;
        using var life = CancellationTokenSource.CreateLinkedTokenSource(gone, stage.Ended);
        using CancellationTokenRegistration cut = stage.Cut.UnsafeRegister(static h => ((HttpContext)h!).Abort(), http);
        http.RequestAborted = life.Token;
        try
        {
            await handler(http, caller);
        }
        catch (OperationCanceledException) when (stage.Ended.IsCancellationRequested && !gone.IsCancellationRequested)
        {
            if (http.Response.HasStarted)
            {
                http.Abort();
                return;
            }

            // What it waited for may have been done meanwhile.
            throw new RequestRefusedException(new OperationError(
                ProblemCode.Unauthenticated,
                "The key lost its permission, or expired, while the request waited. Ask with another.")
            {
                Outcome = Outcome.Unknown,
            });
        }
        finally
        {
            http.RequestAborted = gone;
        }
    }
}
