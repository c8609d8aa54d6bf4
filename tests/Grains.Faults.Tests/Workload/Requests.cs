using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Net.Http.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// Callers that ask a node each and wait for the reply, repeating under the same key until there is one: the node
/// counts its requests, so reply number n says n, or a request was handled twice, or not at all. Beside them, timers of
/// every second.
/// </summary>
/// <param name="service">Whose nodes they ask.</param>
/// <param name="servers">Whichever answers.</param>
internal sealed class Requests(string service, params Uri[] servers) : IDisposable
{
    private const int _callers = 8;
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(60);

    private readonly HttpClient _http = new(
        new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) })
    {
        Timeout = TimeSpan.FromSeconds(8),
    };

    private int _answered;
    private int _repeated;

    /// <summary>Requests that have their replies.</summary>
    public int Answered => Volatile.Read(ref _answered);

    /// <summary>Times that a request was sent again.</summary>
    public int Repeated => Volatile.Read(ref _repeated);

    public async Task BeginAsync()
    {
        await AnyAsync(() => new(HttpMethod.Put, $"/v1/services/{service}")
        {
            Content = JsonContent.Create(new
            {
                handler = new { kind = "hosted" }, lease = "5s",
                retry = new { attempts = 1_000, backoff = "50ms", maxBackoff = "500ms" },
            }),
        });
        for (int i = 0; i < _callers; i++)
        {
            string timer = $"/v1/services/{service}/nodes/n{i}/timers/second";
            await AnyAsync(
                () => new(HttpMethod.Put, timer) { Content = JsonContent.Create(new { cron = "* * * * * *" }) });
        }
    }

    /// <returns>What was wrong, in words.</returns>
    public async Task<string[]> AskAsync(CancellationToken stop) =>
        [.. (await Task.WhenAll(Enumerable.Range(0, _callers).Select(async caller =>
    {
        List<string> wrong = [];
        for (int number = 1; !stop.IsCancellationRequested && wrong.Count == 0; number++)
        {
            string reply = await ReplyAsync(caller, number);
            if (reply != $"{number}")
            {
                wrong.Add($"caller {caller} was told '{reply}' for request {number}");
            }

            Interlocked.Increment(ref _answered);
            await Task.Delay(_pause, CancellationToken.None);
        }

        return wrong;
    }))).SelectMany(w => w)];

    /// <returns>What is wrong with the times at which the timers fired; <paramref name="fired"/> of them.</returns>
    public async Task<(string[] Wrong, int Fired)> TimersAsync()
    {
        List<string> wrong = [];
        int fired = 0;
        for (int i = 0; i < _callers; i++)
        {
            string path = $"/v1/services/{service}/nodes/n{i}";
            await AnyAsync(() => new(HttpMethod.Delete, $"{path}/timers/second"));
            string state = (await AnyAsync(() => new(HttpMethod.Get, $"{path}/state"))).Text;
            DateTimeOffset[] times =
            [
                .. state.Split(' ').Skip(1).Select(t => DateTimeOffset.Parse(t, CultureInfo.InvariantCulture))
            ];
            fired += times.Length;
            if (times.Length == 0 || times.Any(t => t.Millisecond != 0)
                || !times.SequenceEqual(times.Distinct().Order()))
            {
                wrong.Add(
                    $"the timer of n{i} fired at "
                    + $"{string.Join(' ', times.Select(t => t.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture)))}");
            }
        }

        return ([.. wrong], fired);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> ReplyAsync(int caller, int number)
    {
        for (int times = 0; ; times++)
        {
            (HttpStatusCode status, string text) = await AnyAsync(() =>
            {
                var request = new HttpRequestMessage(
                    HttpMethod.Post, $"/v1/services/{service}/nodes/n{caller}/messages");
                request.Headers.Add("Idempotency-Key", $"{caller}-{number}");
                request.Headers.Add("Prefer", "wait=5");
                return request;
            });
            if (status == HttpStatusCode.OK)
            {
                return text;
            }

            Interlocked.Increment(ref _repeated);
            if (status != HttpStatusCode.Accepted)
            {
                return $"{(int)status} {text}";
            }
        }
    }

    /// <summary>The first answer that is none of a server in trouble.</summary>
    private async Task<(HttpStatusCode Status, string Text)> AnyAsync(Func<HttpRequestMessage> make)
    {
        using var deadline = new CancellationTokenSource(_patience);
        for (int i = Random.Shared.Next(servers.Length); ; i++)
        {
            using HttpRequestMessage request = make();
            request.RequestUri = new Uri(servers[i % servers.Length], request.RequestUri!);
            try
            {
                using HttpResponseMessage answer = await _http.SendAsync(request, deadline.Token);
                string text = await answer.Content.ReadAsStringAsync(deadline.Token);
                if (answer.StatusCode is not (HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests))
                {
                    return (answer.StatusCode, text);
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException && !deadline.IsCancellationRequested)
            {
                // Killed, or not up yet; the next one.
            }

            Interlocked.Increment(ref _repeated);
            await Task.Delay(_pause, deadline.Token);
        }
    }
}
