using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Grains.Samples.WordCount;

/// <summary>
/// The HTTP calls, as the contract has them. Every call has a deadline; what can be repeated is. Each server of a
/// cluster does for all; when one gives no answer the next is asked.
/// </summary>
internal sealed class Api(IReadOnlyList<Uri> servers) : IDisposable
{
    private const int _pageSize = 1000;
    private static readonly TimeSpan _callDeadline = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    private int _server;

    /// <summary>Declares a service or a keyspace; doing it again changes nothing.</summary>
    public async Task DeclareAsync(string path, object declaration, CancellationToken stop)
    {
        (HttpStatusCode status, string body) = await UntilAnsweredAsync(() => Put(path, declaration), stop);
        if (status is not (HttpStatusCode.OK or HttpStatusCode.Created))
        {
            throw new WordCountException($"{path} could not be declared: {(int)status} {body}");
        }
    }

    /// <summary>Sends a message; with its key it counts once, however often it is sent.</summary>
    public async Task SendAsync(string service, string node, string text, string idempotencyKey, CancellationToken stop)
    {
        (HttpStatusCode status, string body) = await UntilAnsweredAsync(
            () =>
            {
                string path = $"/v1/services/{service}/nodes/{Uri.EscapeDataString(node)}/messages";
                HttpRequestMessage request = Post(path, text, "text/plain");
                request.Headers.Add("Idempotency-Key", idempotencyKey);
                return request;
            },
            stop);
        if (status != HttpStatusCode.Accepted)
        {
            throw new WordCountException($"A message to {service}/{node} was refused: {(int)status} {body}");
        }
    }

    /// <summary>The node's next messages, or null if there are none, or if the server did not answer.</summary>
    public async Task<Delivery?> ReceiveAsync(string service, string node, int max, string wait, CancellationToken stop)
    {
        string path = $"/v1/services/{service}/nodes/{Uri.EscapeDataString(node)}/receive";
        (HttpStatusCode status, string body) = await OnceAsync(() => PostJson(path, new { max, wait }), stop);
        return status == HttpStatusCode.OK ? Delivery.Parse(body) : null;
    }

    /// <summary>
    /// Acknowledges, sets the state, sends and writes keys in one record. False: not done, or nobody knows. Both are
    /// harmless: what was not done is delivered again, and what was done is not.
    /// </summary>
    public async Task<bool> CommitAsync(string delivery, object commit, CancellationToken stop)
    {
        (HttpStatusCode status, _) = await OnceAsync(() => PostJson($"/v1/deliveries/{delivery}:commit", commit), stop);
        return status == HttpStatusCode.OK;
    }

    /// <summary>Every element of a list that comes in pages.</summary>
    public async Task<List<JsonElement>> ListAsync(string path, string member, CancellationToken stop)
    {
        var all = new List<JsonElement>();
        string? after = null;
        do
        {
            string separator = path.Contains('?', StringComparison.Ordinal) ? "&" : "?";
            string page =
                $"{path}{separator}limit={_pageSize}{(after is null ? "" : $"&after={Uri.EscapeDataString(after)}")}";
            JsonElement answer = await GetAsync(page, stop);
            all.AddRange(answer.GetProperty(member).EnumerateArray());
            after = answer.TryGetProperty("next", out JsonElement next) ? next.GetString() : null;
        }
        while (after is not null);
        return all;
    }

    /// <summary>A document.</summary>
    public async Task<JsonElement> GetAsync(string path, CancellationToken stop)
    {
        (HttpStatusCode status, string body) =
            await UntilAnsweredAsync(() => new HttpRequestMessage(HttpMethod.Get, path), stop);
        if (status != HttpStatusCode.OK)
        {
            throw new WordCountException($"{path} could not be read: {(int)status} {body}");
        }

        using JsonDocument document = JsonDocument.Parse(body);
        return document.RootElement.Clone();
    }

    public async Task<bool> IsReadyAsync(CancellationToken stop) =>
        (await OnceAsync(() => new HttpRequestMessage(HttpMethod.Get, "/readyz"), stop)).Status == HttpStatusCode.OK;

    public void Dispose() => _http.Dispose();

    private static HttpRequestMessage Put(string path, object json) =>
        new(HttpMethod.Put, path) { Content = Json(json) };

    private static HttpRequestMessage PostJson(string path, object json) =>
        new(HttpMethod.Post, path) { Content = Json(json) };

    private static HttpRequestMessage Post(string path, string text, string contentType) =>
        new(HttpMethod.Post, path) { Content = new StringContent(text, Encoding.UTF8, contentType) };

    private static ByteArrayContent Json(object json)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(json));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    /// <summary>Again and again until the server decides. Only for what may be done twice.</summary>
    private async Task<(HttpStatusCode Status, string Body)> UntilAnsweredAsync(
        Func<HttpRequestMessage> request, CancellationToken stop)
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            (HttpStatusCode status, string body) = await OnceAsync(request, stop);
            bool comesBack = status is 0 or HttpStatusCode.TooManyRequests or HttpStatusCode.RequestTimeout
                or >= HttpStatusCode.InternalServerError;
            if (!comesBack)
            {
                return (status, body);
            }

            if (waited.Elapsed > _patience)
            {
                throw new WordCountException(
                    $"The server did not answer for {_patience.TotalSeconds} s; the last word was: {body}");
            }

            await Task.Delay(_pause, stop);
        }
    }

    /// <summary>
    /// Status 0 if there was no answer. Calls that fail together move on by one server, not by one each.
    /// </summary>
    private async Task<(HttpStatusCode Status, string Body)> OnceAsync(
        Func<HttpRequestMessage> make, CancellationToken stop)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(stop);
        deadline.CancelAfter(_callDeadline);
        int server = _server;
        using HttpRequestMessage request = make();
        request.RequestUri = new Uri(servers[server % servers.Count], request.RequestUri!);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token);
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                _server = server + 1;
            }

            return (answer.StatusCode, await answer.Content.ReadAsStringAsync(deadline.Token));
        }
        catch (Exception e) when (e is HttpRequestException or IOException or SocketException
            || (e is OperationCanceledException && !stop.IsCancellationRequested))
        {
            _server = server + 1;
            return (0, e.Message);
        }
    }
}
