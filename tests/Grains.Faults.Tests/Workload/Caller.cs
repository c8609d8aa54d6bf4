using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// HTTP calls as the contract has them. Every call ends within its deadline, decided, not started or unknown.
/// </summary>
internal sealed class Caller(Uri server) : IDisposable
{
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(5);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = server,
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public Task<Reply> GetAsync(string path) => CallAsync(HttpMethod.Get, path, null, null);

    public Task<Reply> PutJsonAsync(string path, string json) => CallAsync(HttpMethod.Put, path, json, "application/json");

    public Task<Reply> PostJsonAsync(string path, string json) => CallAsync(HttpMethod.Post, path, json, "application/json");

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

    public void Dispose() => _http.Dispose();

    private static Action<HttpRequestHeaders>? Condition(long? ifVersion) => ifVersion switch
    {
        null => null,
        0 => headers => headers.TryAddWithoutValidation("If-None-Match", "*"),
        { } version => headers => headers.TryAddWithoutValidation("If-Match", $"\"{version}\""),
    };

    private async Task<Reply> CallAsync(
        HttpMethod method, string path, string? body, string? contentType, Action<HttpRequestHeaders>? addHeaders = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body));
            request.Content.Headers.ContentType = contentType is null ? null : new MediaTypeHeaderValue(contentType);
        }

        addHeaders?.Invoke(request.Headers);
        using var deadline = new CancellationTokenSource(_deadline);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token);
            return Read(answer, await answer.Content.ReadAsStringAsync(deadline.Token));
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConnectionError)
        {
            return new Reply(ReplyKind.NotStarted, 0, e.Message);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            return new Reply(ReplyKind.Unknown, 0, e.Message);
        }
    }

    private static Reply Read(HttpResponseMessage answer, string body)
    {
        int status = (int)answer.StatusCode;
        bool decided = status is (>= 200 and < 300) or 304 or 404 or 409 or 412 or 422;
        ReplyKind kind = decided ? ReplyKind.Decided : SaysNothingHappened(body) ? ReplyKind.NotStarted : ReplyKind.Unknown;
        return new Reply(kind, status, body)
        {
            Version = answer.Headers.ETag is { } tag ? long.Parse(tag.Tag.Trim('"'), CultureInfo.InvariantCulture) : 0,
            Repeated = answer.Headers.TryGetValues("Grains-Repeated", out IEnumerable<string>? repeated)
                && repeated.Contains("true"),
        };
    }

    private static bool SaysNothingHappened(string body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            return problem.RootElement.ValueKind == JsonValueKind.Object
                && problem.RootElement.TryGetProperty("outcome", out JsonElement outcome)
                && outcome.ValueEquals("none");
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
