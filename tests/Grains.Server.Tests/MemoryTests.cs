using System.Net;
using System.Net.Http.Headers;
using Grains.Server.Tests.Cluster;

namespace Grains.Server.Tests;

/// <summary>A real server whose memory is small: what it does before the collector gives up.</summary>
public sealed class MemoryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("grains-memory-").FullName;

    [Fact]
    public async Task A_server_that_holds_what_its_memory_allows_refuses_what_grows_and_keeps_and_recovers_the_rest()
    {
        string[] args = ["--data", _folder, "--no-sync", "--dashboard", "false", "--memory", "256MiB"];
        int stored = 0;
        await using (RunningServer server = RunningServer.Start(args))
        {
            await server.ReadyAsync();
            await server.PutAsync("/v1/services/s", "{}", "application/json");
            using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
            var body = new byte[700_000];
            HttpStatusCode last = HttpStatusCode.Accepted;
            for (; last == HttpStatusCode.Accepted && stored < 1_000; stored++)
            {
                last = await PostAsync(http, $"/v1/services/s/nodes/n{stored}/messages", body);
            }

            Assert.Equal(HttpStatusCode.InsufficientStorage, last);
            Assert.InRange(stored, 20, 100);

            // What makes room passes, and there is room then.
            for (int i = 0; i < 5; i++)
            {
                using HttpResponseMessage purged = await http.PostAsync(
                    new Uri($"/v1/services/s/nodes/n{i}:purge", UriKind.Relative), null);
                Assert.Equal(HttpStatusCode.OK, purged.StatusCode);
            }

            // At the latest when the collector has looked again.
            using CancellationTokenSource deadline = new(TimeSpan.FromSeconds(60));
            while (await PostAsync(http, "/v1/services/s/nodes/more/messages", body) is var status
                && status != HttpStatusCode.Accepted)
            {
                Assert.Equal(HttpStatusCode.InsufficientStorage, status);
                await Task.Delay(TimeSpan.FromMilliseconds(100), deadline.Token);
            }

            Assert.DoesNotContain("OutOfMemory", server.Said, StringComparison.Ordinal);
            server.Kill();
            await server.EndAsync();
        }

        await using RunningServer again = RunningServer.Start(args);
        await again.ReadyAsync();
        using HttpResponseMessage kept = await again.GetAsync("/v1/services/s/nodes/n10/mailbox");
        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        Assert.True((await kept.Content.ReadAsByteArrayAsync()).Length > 700_000);
        Assert.DoesNotContain("OutOfMemory", again.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_small_things_use_up_the_memory_too()
    {
        await using RunningServer server = RunningServer.Start(
            ["--data", _folder, "--no-sync", "--dashboard", "false", "--partitions", "4"],
            new Dictionary<string, string> { ["DOTNET_GCHeapHardLimit"] = "0x8000000" });
        await server.ReadyAsync();
        await server.PutAsync("/v1/keyspaces/k", """{"layout": "spread"}""", "application/json");
        using var http = new HttpClient { BaseAddress = new Uri(server.Url) };
        var statuses = new HashSet<HttpStatusCode>();
        int next = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 16), async (_, cancel) =>
        {
            using var value = new ByteArrayContent(new byte[2_000]);
            while (Interlocked.Increment(ref next) is var i and < 100_000)
            {
                using HttpResponseMessage answer = await http.PutAsync(
                    new Uri($"/v1/keyspaces/k/keys/{i}", UriKind.Relative), value, cancel);
                lock (statuses)
                {
                    statuses.Add(answer.StatusCode);
                }

                if (answer.StatusCode == HttpStatusCode.InsufficientStorage)
                {
                    return;
                }
            }
        });
        Assert.Equal([HttpStatusCode.Created, HttpStatusCode.InsufficientStorage], statuses.Order());
        using HttpResponseMessage kept = await server.GetAsync("/v1/keyspaces/k/keys/1");
        Assert.Equal(HttpStatusCode.OK, kept.StatusCode);
        Assert.DoesNotContain("OutOfMemory", server.Said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_start_says_what_the_server_may_use()
    {
        await using RunningServer server = RunningServer.Start(
            ["--data", _folder, "--partitions", "2", "--dashboard", "false", "--memory", "400MiB", "--connections", "77"]);
        await server.SaysAsync("memory      96 MiB for data, of 240 MiB; 77 connections");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<HttpStatusCode> PostAsync(HttpClient http, string path, byte[] body)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/octet-stream");
        using HttpResponseMessage answer = await http.PostAsync(new Uri(path, UriKind.Relative), content);
        return answer.StatusCode;
    }
}
