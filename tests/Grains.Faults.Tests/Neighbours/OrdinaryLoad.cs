using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;

namespace Grains.Faults.Tests.Neighbours;

/// <summary>Eight clients that write and read small keys, each its own, and remember what was acknowledged.</summary>
internal sealed class OrdinaryLoad : IAsyncDisposable
{
    public const string Key = "load-key-0123456789abcdef";

    private const int _clients = 8;
    private const int _keysEach = 20;
    private const int _valueChars = 1_000;

    private readonly HttpClient _http;

    /// <summary>The number in the value that was acknowledged last, by key.</summary>
    private readonly ConcurrentDictionary<string, long> _acknowledged = new();

    private long _next;

    public OrdinaryLoad(Uri server)
    {
        _http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false, MaxConnectionsPerServer = _clients }) { BaseAddress = server };
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Key);
    }

    /// <summary>What the load and the neighbours write to.</summary>
    public async Task PrepareAsync()
    {
        await DeclareAsync("/v1/keyspaces/load", """{"layout": "spread"}""");
        await DeclareAsync("/v1/keyspaces/others", """{"layout": "ordered"}""");
        await DeclareAsync("/v1/services/others", "{}");
        for (int i = 0; i < _clients * _keysEach; i++)
        {
            await PutAsync($"{i}");
        }

        for (int i = 0; i < 5; i++)
        {
            using var value = new ByteArrayContent(new byte[1_000_000]);
            using HttpResponseMessage put = await _http.PutAsync(
                new Uri($"/v1/keyspaces/others/keys/page-{i}", UriKind.Relative), value);
            put.EnsureSuccessStatusCode();
        }
    }

    public async Task<Phase> RunAsync(TimeSpan duration, IReadOnlyList<HostileNeighbour> neighbours)
    {
        using var stop = new CancellationTokenSource();
        Task[] hostile = [.. neighbours.Select(n => Task.Run(() => n.RunAsync(stop.Token)))];
        var phase = new Phase();
        var clock = Stopwatch.StartNew();
        await Task.WhenAll(
            Enumerable.Range(0, _clients).Select(c => Task.Run(() => ClientAsync(c, clock, duration, phase))));
        await stop.CancelAsync();
        await Task.WhenAll(hostile);
        return phase;
    }

    /// <summary>Every key holds what was acknowledged last.</summary>
    public async Task CheckAsync()
    {
        foreach ((string key, long number) in _acknowledged)
        {
            string value = await _http.GetStringAsync(new Uri($"/v1/keyspaces/load/keys/{key}", UriKind.Relative));
            Assert.True(
                NumberIn(value) >= number, $"key {key} holds {NumberIn(value)}, and {number} was acknowledged.");
        }
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task ClientAsync(int client, Stopwatch clock, TimeSpan duration, Phase phase)
    {
        for (int i = 0; clock.Elapsed < duration; i++)
        {
            string key = $"{(client * _keysEach) + (i % _keysEach)}";
            long begun = Stopwatch.GetTimestamp();
            try
            {
                if (i % 2 == 0)
                {
                    await PutAsync(key);
                }
                else
                {
                    string value = await _http.GetStringAsync(
                        new Uri($"/v1/keyspaces/load/keys/{key}", UriKind.Relative));
                    if (NumberIn(value) < _acknowledged[key])
                    {
                        phase.Fail(
                            $"key {key} was read as {NumberIn(value)}, and {_acknowledged[key]} was acknowledged");
                    }
                }

                phase.Took(Stopwatch.GetElapsedTime(begun));
            }
            catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
            {
                phase.Fail(e.Message);
            }
        }
    }

    private async Task PutAsync(string key)
    {
        long number = Interlocked.Increment(ref _next);
        using var content = new StringContent(number.ToString(CultureInfo.InvariantCulture).PadLeft(_valueChars, '0'));
        using HttpResponseMessage answer = await _http.PutAsync(
            new Uri($"/v1/keyspaces/load/keys/{key}", UriKind.Relative), content);
        if (answer.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.Created))
        {
            throw new HttpRequestException(
                $"PUT was answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        _acknowledged[key] = number;
    }

    private async Task DeclareAsync(string path, string json)
    {
        using var content = new StringContent(json, new MediaTypeHeaderValue("application/json"));
        using HttpResponseMessage answer = await _http.PutAsync(new Uri(path, UriKind.Relative), content);
        answer.EnsureSuccessStatusCode();
    }

    private static long NumberIn(string value) => long.Parse(value, CultureInfo.InvariantCulture);
}
