using System.Net;
using System.Net.Sockets;
using System.Net.Http.Json;
using System.Text.Json;
using Grains.Faults.Tests.Nemesis;
using Grains.Faults.Tests.Workload;
using Grains.Faults.Tests.World;
using Xunit.Abstractions;

namespace Grains.Faults.Tests;

/// <summary>A handler that ends its server.</summary>
public class DeadlyTests(ITestOutputHelper output)
{
    private const int _attempts = 2;
    private static readonly TimeSpan _pollPeriod = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan _deadline = TimeSpan.FromSeconds(120);

    [Fact]
    public async Task A_message_that_ends_every_server_it_comes_to_is_a_dead_letter_after_its_attempts_and_the_cluster_is_up()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(program: Programs.Handlers);
        foreach (ServerProcess server in world.Servers)
        {
            server.IsMortal = true;
        }

        using var http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        Uri any = world.Servers[0].Url;
        using (HttpResponseMessage declared = await http.PutAsJsonAsync(new Uri(any, "/v1/services/deadly"), new
        {
            handler = new { kind = "hosted" }, retry = new { attempts = _attempts, backoff = "100ms" },
        }))
        {
            Assert.True(declared.IsSuccessStatusCode, await declared.Content.ReadAsStringAsync());
        }

        await SendAsync(http, any, "bad", "die");

        int ended = 0;
        string? reason = null;
        using var deadline = new CancellationTokenSource(_deadline);
        while (reason is null)
        {
            ended += world.Servers.Count(s => !s.IsRunning);
            Task restarting = world.RestartEndedAsync();
            reason = await ReasonAsync(http, world);
            await restarting;
            await Task.Delay(100, deadline.Token);
        }

        output.WriteLine($"figures: {ended} servers ended by a message of {_attempts} attempts; \"{reason}\"");
        Assert.Contains($"{_attempts} attempts", reason, StringComparison.Ordinal);

        // The first attempt is not on record before it begins: where the server of the partition died with it, it is
        // one more.
        Assert.InRange(ended, 1, _attempts + 1);
        await Task.WhenAll(world.Servers.Select(s => s.BecomeReadyAsync()));

        // Another node of the service goes on, and every server says so.
        await SendAsync(http, any, "good", "live");
        foreach (ServerProcess server in world.Servers)
        {
            await UntilAliveAsync(http, new Uri(server.Url, "/v1/services/deadly/nodes/good/state"));
        }
    }

    [Fact]
    public async Task A_message_that_ends_another_server_than_that_of_its_partition_runs_out_of_attempts()
    {
        await using ClusterWorld world = await ClusterWorld.StartAsync(servers: 2);
        ServerProcess able = world.AddServer(Programs.Handlers);
        await able.StartAsync();
        able.IsMortal = true;
        using var callers = new Callers([world.Servers[0].Url]);
        Caller caller = callers.Next();

        // A drained server owns no partition, and is the only one that has the class.
        await DrainFault.DrainAsync(able, caller, new ClusterView(caller));
        Reply declared = await caller.PutJsonAsync(
            "/v1/services/deadly", $$$"""{"handler":{"kind":"hosted"},"retry":{"attempts":{{{_attempts}}},"backoff":"100ms"}}""");
        Assert.True(declared.Is(200) || declared.Is(201), $"{declared}");
        Reply sent = await caller.SendMessageAsync("deadly", "bad", "die", idempotencyKey: "once");
        Assert.True(sent.Is(202), $"{sent}");

        int ended = 0;
        using var deadline = new CancellationTokenSource(_deadline);
        using var http = new HttpClient(
            new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(3) };
        string? reason = null;
        while (reason is null)
        {
            if (!able.IsRunning)
            {
                ended++;
                await able.StartAsync();
            }

            await Task.Delay(_pollPeriod, deadline.Token);
            reason = await ReasonAsync(http, world);
        }

        output.WriteLine(
            $"figures: {ended} ends of the server of the handler, by a message of {_attempts} attempts; \"{reason}\"");
        Assert.Contains($"{_attempts} attempts", reason, StringComparison.Ordinal);
        Assert.Equal(_attempts, ended);
    }

    /// <summary>Of the dead letter; null: there is none yet, or no server answered.</summary>
    private static async Task SendAsync(HttpClient http, Uri server, string node, string body)
    {
        using HttpResponseMessage sent = await http.PostAsync(
            new Uri(server, $"/v1/services/deadly/nodes/{node}/messages"), new StringContent(body));
        Assert.True(sent.IsSuccessStatusCode, await sent.Content.ReadAsStringAsync());
    }

    private static async Task UntilAliveAsync(HttpClient http, Uri state)
    {
        using var deadline = new CancellationTokenSource(_deadline);
        while (true)
        {
            using HttpResponseMessage answer = await http.GetAsync(state, deadline.Token);
            string said = await answer.Content.ReadAsStringAsync(deadline.Token);
            if (answer.IsSuccessStatusCode)
            {
                Assert.Equal("alive", said);
                return;
            }

            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            await Task.Delay(100, deadline.Token);
        }
    }

    private static async Task<string?> ReasonAsync(HttpClient http, ClusterWorld world)
    {
        foreach (ServerProcess server in world.Servers.Where(s => s.IsRunning))
        {
            try
            {
                using HttpResponseMessage answer = await http.GetAsync(
                    new Uri(server.Url, "/v1/services/deadly/nodes/bad/dead"));
                if (answer.StatusCode == HttpStatusCode.OK)
                {
                    JsonElement letters =
                        (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("messages");
                    return letters.GetArrayLength() == 0 ? null : letters[0].GetProperty("reason").GetString();
                }
            }
            catch (Exception e) when (e is HttpRequestException or SocketException or TaskCanceledException)
            {
                // The next one.
            }
        }

        return null;
    }
}
