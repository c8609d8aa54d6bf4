using System.Net;
using System.Net.Sockets;

namespace Grains.Faults.Tests.Workload;

/// <summary>A client that asks one server or another until one answers: servers come and go.</summary>
internal sealed class AnyServer(params Uri[] servers) : IDisposable
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http =
        new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
        {
            Timeout = TimeSpan.FromSeconds(5),
        };

    private int _asked;

    /// <returns>What it said; null: there is no such thing.</returns>
    public async Task<string?> CallAsync(
        HttpMethod method, string path, Func<HttpContent?>? content = null, string? idempotencyKey = null)
    {
        (HttpStatusCode status, string text) = await AskAsync(method, path, content, idempotencyKey);
        return (int)status < 300 ? text
            : status == HttpStatusCode.NotFound ? null
            : throw new InvalidOperationException($"{method} {path}: {(int)status} {text}");
    }

    /// <returns>The first answer that is none of a server in trouble, or too busy.</returns>
    public async Task<(HttpStatusCode Status, string Text)> AskAsync(
        HttpMethod method, string path, Func<HttpContent?>? content = null, string? idempotencyKey = null)
    {
        using var deadline = new CancellationTokenSource(_patience);
        while (true)
        {
            Uri server = servers[Interlocked.Increment(ref _asked) % servers.Length];
            using var request = new HttpRequestMessage(method, new Uri(server, path)) { Content = content?.Invoke() };
            if (idempotencyKey is not null)
            {
                request.Headers.Add("Idempotency-Key", idempotencyKey);
            }

            try
            {
                using HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token);
                bool isInTrouble = answer.StatusCode is >= HttpStatusCode.InternalServerError
                    or HttpStatusCode.TooManyRequests;
                if (!isInTrouble)
                {
                    return (answer.StatusCode, await answer.Content.ReadAsStringAsync(deadline.Token));
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException
                || (e is TaskCanceledException && !deadline.IsCancellationRequested))
            {
                // Killed, frozen, or not up yet; the next one.
            }

            await Task.Delay(_pollPeriod, deadline.Token);
        }
    }

    public void Dispose() => _http.Dispose();
}
