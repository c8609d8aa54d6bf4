using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Grains.Faults.Tests.Workload;

/// <summary>
/// A client of a bank: opens accounts, orders moves between them, each once, and counts what is there.
/// </summary>
/// <param name="service">Whose nodes the accounts are.</param>
/// <param name="servers">Whichever answers.</param>
internal sealed class Bank(int seed, string service, params Uri[] servers) : IDisposable
{
    private const int _accounts = 40;
    private const long _each = 1_000;
    private const int _clients = 4;
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(100);

    /// <summary>Of a client after each move: it is not the number of moves that finds what a fault does.</summary>
    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(25);

    private readonly AnyServer _server = new(servers);
    private int _moves;

    /// <summary>Accepted.</summary>
    public int Moves => Volatile.Read(ref _moves);

    public async Task OpenAsync(object handler, string lease = "5s")
    {
        await _server.CallAsync(HttpMethod.Put, $"/v1/services/{service}", () => JsonContent.Create(new
        {
            handler, lease, retry = new { attempts = 1_000, backoff = "50ms", maxBackoff = "500ms" },
        }));
        for (int i = 0; i < _accounts; i++)
        {
            await _server.CallAsync(HttpMethod.Put, StatePath(i), () => new StringContent($"{_each} 0 0"));
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
            await _server.CallAsync(
                HttpMethod.Post,
                $"/v1/services/{service}/nodes/a{from}/messages",
                () => new StringContent(order),
                idempotencyKey: $"{client}-{i}");
            Interlocked.Increment(ref _moves);
            await Task.Delay(_pause, CancellationToken.None);
        }
    }));

    /// <summary>Returns when so many are accepted.</summary>
    public async Task UntilMovedAsync(int moves, TimeSpan deadline)
    {
        using var cancel = new CancellationTokenSource(deadline);
        while (Moves < moves)
        {
            await Task.Delay(_pollPeriod, cancel.Token);
        }
    }

    /// <summary>A commit that would take all the money of that delivery's account.</summary>
    public Task<(HttpStatusCode Status, string Text)> RobAsync(string delivery) => _server.AskAsync(
        HttpMethod.Post,
        $"/v1/deliveries/{delivery}:commit",
        () => JsonContent.Create(new { state = new { text = "0 0 0", contentType = "text/plain" } }));

    /// <summary>A whole one, of that server.</summary>
    public static async Task BackupAsync(Uri from, string file)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        using HttpResponseMessage answer = await http.GetAsync(
            new Uri(from, "/v1/backup"), HttpCompletionOption.ResponseHeadersRead);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: no backup.");
        await using FileStream to = File.Create(file);
        await answer.Content.CopyToAsync(to);
    }

    /// <summary>
    /// Once nothing moves any more; else as it is at the deadline, for the test to say what is wrong.
    /// </summary>
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

    public void Dispose() => _server.Dispose();

    private async Task<Accounts> CountAsync()
    {
        string listed = await _server.CallAsync(HttpMethod.Get, $"/v1/services/{service}/nodes?limit=1000") ?? "{}";
        JsonElement[] nodes = [.. JsonDocument.Parse(listed).RootElement.GetProperty("nodes").EnumerateArray()];
        long[][] states = await Task.WhenAll(Enumerable.Range(0, _accounts).Select(async i =>
            (await _server.CallAsync(HttpMethod.Get, StatePath(i)))!.Split(' ')
                .Select(w => long.Parse(w, CultureInfo.InvariantCulture)).ToArray()));
        return new Accounts(
            _accounts * _each, states.Sum(s => s[0]), states.Sum(s => s[1]), states.Sum(s => s[2]),
            nodes.Sum(n => n.GetProperty("waiting").GetInt32()), nodes.Sum(n => n.GetProperty("dead").GetInt32()));
    }

    private string StatePath(int account) => $"/v1/services/{service}/nodes/a{account}/state";
}

/// <summary>All accounts together.</summary>
/// <param name="Waiting">Messages, those that are out included.</param>
internal sealed record Accounts(long Opened, long Balance, long Moved, long Added, int Waiting, int Dead)
{
    /// <summary>All money is in accounts, and what was taken off one came to another.</summary>
    public bool IsWhole => Balance == Opened && Moved == Added && Dead == 0;
}
