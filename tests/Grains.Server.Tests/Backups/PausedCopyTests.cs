using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;

namespace Grains.Server.Tests.Backups;

/// <summary>A restored copy asks nobody outside and fires no timer before a person says so.</summary>
public sealed class PausedCopyTests : IDisposable
{
    private static readonly TimeSpan _period = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(60);
    private readonly TempFolder _folder = new();
    private readonly TcpListener _handler = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private int _pushes;

    [Fact]
    public async Task A_restored_copy_pushes_nothing_and_fires_no_timer_until_it_is_resumed()
    {
        await BackUpAsync();
        (int exit, string said) = await ServerProgram.RunAsync(
            null, "restore", _folder["backup"], "--data", _folder["copy"]);
        Assert.True(exit == 0 && said.Contains("POST /v1/cluster:resume", StringComparison.Ordinal), said);
        await ServeHandlerAsync();
        for (int starts = 0; starts < 2; starts++)
        {
            await using ServerProgram copy = await ServerProgram.ServeAsync(null, "--data", _folder["copy"]);
            Assert.Contains(
                "restored from", (await JsonAsync(copy, "v1/cluster")).GetProperty("paused").GetString(),
                StringComparison.Ordinal);
            JsonElement why = await JsonAsync(copy, "v1/explain/services/hook/nodes/n");
            Assert.Equal("paused", why.GetProperty("status").GetString());
            Assert.Contains("v1/cluster:resume", why.GetProperty("why").GetString(), StringComparison.Ordinal);
            await UntilAsync(
                async () =>
                    (await copy.Http.GetStringAsync("metrics")).Contains(
                        "grains_cluster_paused 1", StringComparison.Ordinal)
                || (await copy.Http.GetStringAsync("metrics")).Contains("grains_cluster_paused{", StringComparison.Ordinal));

            // A worker asks on purpose, and gets: its service is as alive as ever.
            Assert.Equal(HttpStatusCode.OK, await PostAsync(copy, "v1/services/pull/receive"));
            DateTimeOffset due = DateTimeOffset.Parse(
                (await JsonAsync(copy, "v1/explain/services/clock/nodes/n")).GetProperty("nextTimer").GetString()!,
                System.Globalization.CultureInfo.InvariantCulture);
            await UntilAsync(() => Task.FromResult(DateTimeOffset.UtcNow > due.AddSeconds(1)));
            Assert.Equal(
                0, (await JsonAsync(copy, "v1/explain/services/clock/nodes/n")).GetProperty("waiting").GetInt32());
            Assert.Equal(0, _pushes);
            if (starts == 0)
            {
                await copy.StopAsync();
                Assert.Contains("PAUSED", copy.Said, StringComparison.Ordinal);
                continue;
            }

            Assert.Equal(HttpStatusCode.Accepted, await PostAsync(copy, "v1/cluster:resume"));
            Assert.False((await JsonAsync(copy, "v1/cluster")).TryGetProperty("paused", out _));
            await UntilAsync(() => Task.FromResult(Volatile.Read(ref _pushes) > 0));
            await UntilAsync(async () =>
                (await JsonAsync(copy, "v1/explain/services/clock/nodes/n")).GetProperty("waiting").GetInt32() == 1);
        }
    }

    [Fact]
    public async Task A_copy_that_is_restored_live_pushes_at_once()
    {
        await BackUpAsync();
        (int exit, string said) = await ServerProgram.RunAsync(
            null, "restore", _folder["backup"], "--data", _folder["copy"], "--live");
        Assert.True(exit == 0, said);
        await ServeHandlerAsync();
        await using ServerProgram copy = await ServerProgram.ServeAsync(null, "--data", _folder["copy"]);
        Assert.False((await JsonAsync(copy, "v1/cluster")).TryGetProperty("paused", out _));
        await UntilAsync(() => Task.FromResult(Volatile.Read(ref _pushes) > 0));
    }

    public void Dispose()
    {
        _end.Cancel();
        _handler.Dispose();
        _end.Dispose();
        _folder.Dispose();
    }

    /// <summary>The handler does not take anything yet: what was sent to it is still there.</summary>
    private async Task BackUpAsync()
    {
        _handler.Start();
        int port = ((IPEndPoint)_handler.LocalEndpoint).Port;
        await using ServerProgram server = await ServerProgram.ServeAsync(
            null, "--data", _folder["a"], "--partitions", "4");
        await PutAsync(server, "v1/services/hook",
            "{\"handler\":{\"kind\":\"push\",\"urls\":[\"http://127.0.0.1:" + port
                + "/\"]},\"retry\":{\"attempts\":1000,\"maxBackoff\":\"1s\"}}");
        await PutAsync(server, "v1/services/pull", "{}");
        await PutAsync(server, "v1/services/clock", "{}");
        await PostAsync(server, "v1/services/hook:pause");
        await PostAsync(server, "v1/services/hook/nodes/n/messages");
        await PostAsync(server, "v1/services/pull/nodes/n/messages");
        await PostAsync(server, "v1/services/pull/nodes/m/messages");
        await PutAsync(server, "v1/services/clock/nodes/n/timers/t", """{"delay":"5s","text":"tick"}""");
        await PostAsync(server, "v1/services/hook:resume");
        await File.WriteAllBytesAsync(_folder["backup"], await server.Http.GetByteArrayAsync("v1/backup"));
    }

    private async Task ServeHandlerAsync()
    {
        Interlocked.Exchange(ref _pushes, 0);
        while (_handler.Pending())
        {
            (await _handler.AcceptTcpClientAsync()).Dispose();
        }

        _ = Task.Run(async () =>
        {
            while (!_end.IsCancellationRequested)
            {
                using TcpClient client = await _handler.AcceptTcpClientAsync(_end.Token);
                Interlocked.Increment(ref _pushes);
                await client.GetStream().WriteAsync("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"u8.ToArray());
            }
        });
    }

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using CancellationTokenSource deadline = new(_deadline);
        while (!await condition())
        {
            await Task.Delay(_period, deadline.Token);
        }
    }

    private static async Task<JsonElement> JsonAsync(ServerProgram server, string path)
    {
        using JsonDocument answer = JsonDocument.Parse(await server.Http.GetStringAsync(path));
        return answer.RootElement.Clone();
    }

    private static async Task<HttpStatusCode> PostAsync(ServerProgram server, string path)
    {
        using HttpResponseMessage answer = await server.Http.PostAsync(new Uri(path, UriKind.Relative), null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return answer.StatusCode;
    }

    private static async Task PutAsync(ServerProgram server, string path, string json)
    {
        using HttpResponseMessage answer = await server.Http.PutAsync(
            new Uri(path, UriKind.Relative), new StringContent(json, Encoding.UTF8, "application/json"));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
