using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// HTTP calls as the contract has them, from one client: bound to one server until that does not answer, then to the
/// next. Every call ends within its deadline, decided, not started or unknown.
/// </summary>
/// <param name="first">Which of the servers it begins with.</param>
internal sealed class Caller(Callers callers, int first)
{
    private const int _busy = 429;

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    private int _server = first;

    public Task<Reply> GetAsync(string path) => CallAsync(HttpMethod.Get, path, null, null);

    /// <summary>Again and again until a server decides that it is there, or not.</summary>
    public async Task<Reply> MustGetAsync(string path)
    {
        Reply reply = await GetAsync(path);
        for (var waited = Stopwatch.StartNew(); !IsAnswer(reply)
            && waited.Elapsed < _patience; reply = await GetAsync(path))
        {
            await Task.Delay(_pollPeriod);
        }

        Assert.True(IsAnswer(reply), $"{path} could not be read: {reply}");
        return reply;
    }

    public Task<Reply> PutJsonAsync(string path, string json) =>
        CallAsync(HttpMethod.Put, path, json, "application/json");

    public Task<Reply> PostJsonAsync(string path, string json) =>
        CallAsync(HttpMethod.Post, path, json, "application/json");

    public Task<Reply> PutTextAsync(string path, string text, long? ifVersion) =>
        CallAsync(HttpMethod.Put, path, text, "text/plain", Condition(ifVersion));

    // The empty body matters: the HTTP client repeats requests without one by itself when a connection breaks.
    public Task<Reply> DeleteAsync(string path, long? ifVersion) =>
        CallAsync(HttpMethod.Delete, path, "", null, Condition(ifVersion));

    public Task<Reply> SendMessageAsync(string service, string node, string text, string idempotencyKey) =>
        CallAsync(
            HttpMethod.Post,
            $"/v1/services/{service}/nodes/{Uri.EscapeDataString(node)}/messages",
            text,
            "text/plain",
            headers => headers.Add("Idempotency-Key", idempotencyKey));

    private static bool IsAnswer(Reply reply) => reply.Is(200) || reply.Is(404);

    private static Action<HttpRequestHeaders>? Condition(long? ifVersion) => ifVersion switch
    {
        null => null,
        0 => headers => headers.TryAddWithoutValidation("If-None-Match", "*"),
        { } version => headers => headers.TryAddWithoutValidation("If-Match", $"\"{version}\""),
    };

    private async Task<Reply> CallAsync(
        HttpMethod method, string path, string? body, string? contentType,
        Action<HttpRequestHeaders>? addHeaders = null)
    {
        int server = _server;
        using var request = new HttpRequestMessage(method, new Uri(callers.Server(server), path));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = contentType is null ? null : new MediaTypeHeaderValue(contentType);
        }

        addHeaders?.Invoke(request.Headers);
        Reply reply = await callers.SendAsync(request);
        if (reply.Kind != ReplyKind.Decided && reply.Status != _busy)
        {
            // Not Interlocked: two calls of one client that fail together move it once.
            _server = server + 1;
        }

        return reply;
    }
}
