using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>A client of the bank: opens accounts, orders moves between them, each once, and counts what is there.</summary>
internal sealed class Bank(int seed, Uri server) : IDisposable
{
    private const int _accounts = 40;
    private const long _each = 1_000;
    private const int _clients = 4;
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server, Timeout = TimeSpan.FromSeconds(20) };
    private int _moves;

    /// <summary>Accepted.</summary>
    public int Moves => Volatile.Read(ref _moves);

    public async Task OpenAsync()
    {
        using HttpResponseMessage declared = await _http.PutAsJsonAsync("/v1/services/bank", new
        {
            handler = new { kind = "hosted", batch = 4 },
            lease = "5s",
            retry = new { attempts = 1_000, backoff = "50ms", maxBackoff = "500ms" },
        });
        declared.EnsureSuccessStatusCode();
        for (int i = 0; i < _accounts; i++)
        {
            using HttpResponseMessage opened = await _http.PutAsync(
                $"/v1/services/bank/nodes/a{i}/state", new StringContent($"{_each} 0 0"));
            opened.EnsureSuccessStatusCode();
        }
    }

    /// <summary>Until it is stopped; each move is repeated under its key until it is accepted.</summary>
    public Task MoveAsync(CancellationToken stop) => Task.WhenAll(Enumerable.Range(0, _clients).Select(async client =>
    {
        var random = new Random(seed + client);
        for (int i = 0; !stop.IsCancellationRequested; i++)
        {
            int from = random.Next(_accounts);
            string order = $"move {random.Next(1, 100)} a{(from + random.Next(1, _accounts)) % _accounts}";
            while (!await TryOrderAsync(from, order, $"{client}-{i}"))
            {
                await Task.Delay(_pollPeriod, CancellationToken.None);
            }

            Interlocked.Increment(ref _moves);
        }
    }));

    public async Task BackupAsync(string file)
    {
        using HttpResponseMessage answer = await _http.GetAsync("/v1/backup", HttpCompletionOption.ResponseHeadersRead);
        answer.EnsureSuccessStatusCode();
        await using FileStream to = File.Create(file);
        await answer.Content.CopyToAsync(to);
    }

    /// <summary>Once nothing moves any more; else as it is at the deadline, for the test to say what is wrong.</summary>
    public async Task<Accounts> SettledAsync(TimeSpan deadline)
    {
        long begun = Environment.TickCount64;
        Accounts now = await CountAsync();
        while ((!now.IsWhole || now.Waiting > 0) && Environment.TickCount64 - begun < deadline.TotalMilliseconds)
        {
            await Task.Delay(_pollPeriod);
            now = await CountAsync();
        }

        return now;
    }

    public void Dispose() => _http.Dispose();

    private async Task<bool> TryOrderAsync(int from, string order, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/services/bank/nodes/a{from}/messages")
        {
            Content = new StringContent(order),
        };
        request.Headers.Add("Idempotency-Key", key);
        try
        {
            using HttpResponseMessage answer = await _http.SendAsync(request);
            return answer.StatusCode == HttpStatusCode.Accepted ? true
                : answer.StatusCode >= HttpStatusCode.InternalServerError || answer.StatusCode == HttpStatusCode.TooManyRequests ? false
                : throw new InvalidOperationException($"{order}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }

    private async Task<Accounts> CountAsync()
    {
        JsonElement nodes = (await _http.GetFromJsonAsync<JsonElement>("/v1/services/bank/nodes?limit=1000")).GetProperty("nodes");
        int waiting = nodes.EnumerateArray().Sum(n => n.GetProperty("waiting").GetInt32());
        long[][] states = await Task.WhenAll(Enumerable.Range(0, _accounts).Select(async i =>
            (await _http.GetStringAsync($"/v1/services/bank/nodes/a{i}/state")).Split(' ')
                .Select(w => long.Parse(w, CultureInfo.InvariantCulture)).ToArray()));
        return new Accounts(_accounts * _each, states.Sum(s => s[0]), states.Sum(s => s[1]), states.Sum(s => s[2]), waiting);
    }
}

/// <summary>All accounts together.</summary>
internal sealed record Accounts(long Opened, long Balance, long Moved, long Added, int Waiting)
{
    /// <summary>All money is in accounts, and what was taken off one came to another.</summary>
    public bool IsWhole => Balance == Opened && Moved == Added;
}
