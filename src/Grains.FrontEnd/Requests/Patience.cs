using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;

namespace Grains.FrontEnd.Requests;

/// <summary>Requests that wait for something to happen.</summary>
internal static class Patience
{
    /// <summary>Until the caller goes away, or the server is to end: an orderly stop waits for all requests.</summary>
    /// <param name="http">Whose caller waits.</param>
    /// <param name="lifetime">Of the server.</param>
    /// <param name="ask">Waits.</param>
    /// <param name="atTheStop">What is said when the server is to end.</param>
    public static async Task<T> WaitAsync<T>(
        HttpContext http, IHostApplicationLifetime lifetime, Func<CancellationToken, Task<T>> ask, Func<T> atTheStop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        try
        {
            return await ask(over.Token);
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            return atTheStop();
        }
    }
}
