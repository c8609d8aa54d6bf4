using System.Net;
using System.Text.Json;
using Grains.Handlers.Servers;
using Grains.Handlers.Tests.World;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.Handlers.Tests.Push;

/// <summary>What is pushed may come back to the API that it came from; it does not go round for ever.</summary>
public sealed class HopsTests : IAsyncLifetime
{
    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync();
        _endpoint = await UserEndpoint.StartAsync();
        await _world.DeclareAsync("loop", new
        {
            handler = new { kind = "push", urls = new[] { _endpoint.Url } }, mailbox = new { maxHops = 4 },
            retry = new { attempts = 1 },
        });
        await _world.DeclareAsync("sink", new { mailbox = new { maxHops = 4 } });
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    /// <summary>The handler is a proxy before our own API, on a port that nobody here knows.</summary>
    [Theory]
    [InlineData("")]
    [InlineData("?ttl=1h")]
    public async Task A_loop_over_the_api_ends_as_a_dead_letter_at_the_bound(string query)
    {
        _endpoint.Answer = async (http, pushed) =>
        {
            using HttpResponseMessage answer = await ForwardAsync(pushed.Headers["Grains-Hops"], "loop", query);
            http.Response.StatusCode = (int)answer.StatusCode;
            http.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await http.Response.Body.WriteAsync(await answer.Content.ReadAsByteArrayAsync());
        };
        await _world.SendAsync("loop", "a", "round and round");
        Assert.Contains("'mailbox.maxHops' is 4", await _world.DeadAsync("loop", "a"), StringComparison.Ordinal);
        Assert.Equal(["0", "1", "2", "3", "4"], _endpoint.Seen.Select(p => p.Headers["Grains-Hops"].Split('.')[0]));
    }

    [Fact]
    public async Task What_nobody_here_sealed_counts_for_nothing_and_the_message_is_taken()
    {
        string hops = await SealedAsync();
        string[] parts = hops.Split('.');
        string[] forged =
        [
            $"3.loop.{parts[2]}", $"0.sink.{parts[2]}", $"0.none.{parts[2]}", $"0.loop.{parts[2][1..]}",
            $"00.loop.{parts[2]}x",
            $"-1.loop.{parts[2]}", $"4294967296.loop.{parts[2]}", "1", "1000000000.loop.", "..", "", "0.LOOP.x",
            $"0.loop.{parts[2]}.",
            new('9', 9_000), $"0.loop.{new string('A', 43)}",
        ];
        foreach (string text in forged)
        {
            using HttpResponseMessage answer = await ForwardAsync(text, "sink", "");
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        Assert.Equal(HttpStatusCode.Accepted, (await ForwardAsync([hops, hops], "sink", "")).StatusCode);
        Assert.All(await WaitingAsync(), m => Assert.Equal(0, Hops(m)));
    }

    [Fact]
    public async Task What_was_sealed_counts_on_beside_a_time_to_live_and_with_a_delay_a_chain_begins()
    {
        string hops = await SealedAsync();
        foreach (string query in new[] { "", "?ttl=1h", "?at=2020-01-01T00:00:00Z", "?delay=1h" })
        {
            using HttpResponseMessage answer = await ForwardAsync(hops, "sink", query);
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }

        JsonElement[] waiting = await WaitingAsync();
        Assert.Equal([1, 1, 1], waiting.Select(Hops));
        Assert.True(waiting[1].TryGetProperty("expiresAt", out _));
        JsonElement delayed = (await _world.GetAsync("/v1/services/sink/nodes/a/delayed")).GetProperty("messages");
        Assert.Equal(0, Hops(Assert.Single(delayed.EnumerateArray())));
    }

    [Fact]
    public async Task A_secret_that_was_replaced_seals_no_more()
    {
        string hops = await SealedAsync();
        await _world.DeclareAsync("loop", new
        {
            handler = new
            {
                kind = "push", urls = new[] { _endpoint.Url }, secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
            },
        });
        using HttpResponseMessage answer = await ForwardAsync(hops, "sink", "");
        Assert.Equal(0, Hops(Assert.Single(await WaitingAsync())));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    [InlineData("[::ffff:127.0.0.1]")]
    public async Task A_port_of_the_server_itself_is_never_pushed_to_and_it_is_said_why(string host)
    {
        int port = _world.Http.BaseAddress!.Port;
        await _world.DeclareAsync("own", new
        {
            handler = new { kind = "push", urls = new[] { $"http://{host}:{port}/v1/services/sink/nodes/a/messages" } },
            retry = new { backoff = "10ms", attempts = 1 },
        });
        await _world.SendAsync("own", "a", "hello");
        JsonElement explained = default;
        await HandlerWorld.UntilAsync(async () =>
            (explained = await _world.ExplainAsync("own", "a")).GetProperty("status").GetString() == "suspended");
        Assert.Contains("own servers", explained.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Empty(await WaitingAsync());
    }

    [Theory]
    [InlineData("http://127.0.0.1:80", "127.0.0.1:80", null, true)]
    [InlineData("http://127.0.0.1:80", "[::ffff:127.0.0.1]:80", null, true)]
    [InlineData("http://127.0.0.1:80", "127.0.0.1:81", null, false)]
    [InlineData("http://127.0.0.1:80", "127.0.0.2:80", "127.0.0.1", false)]
    [InlineData("http://localhost:80", "[::1]:80", null, true)]
    [InlineData("http://0.0.0.0:80", "127.0.0.9:80", null, true)]
    [InlineData("http://[::]:80", "10.0.0.5:80", "10.0.0.5", true)]
    [InlineData("http://*:80", "10.0.0.5:80", "::ffff:10.0.0.5", true)]
    [InlineData("http://*:80", "10.0.0.5:80", "10.0.0.6", false)]
    [InlineData("http://10.0.0.5:80", "10.0.0.5:80", null, true)]
    [InlineData("http://unix:/run/grains.sock", "127.0.0.1:80", null, false)]
    public void What_is_bound_tells_what_is_the_servers_own(string bound, string to, string? from, bool isOwn)
    {
        using var api = new Bound(bound);
        using ServiceProvider services = new ServiceCollection().AddSingleton<IServer>(api).BuildServiceProvider();
        var here = new LocalServer(new Silo(), new HandlerOptions(), services);
        Assert.Equal(isOwn, here.Is(IPEndPoint.Parse(to), from is null ? null : IPAddress.Parse(from)));
        Assert.True(here.Is(IPEndPoint.Parse("10.9.9.9:11111"), null));
        Assert.Contains("10.9.9.9:11111", here.ListeningForOthers);
        Assert.False(
            new LocalServer(
                new Silo(), new HandlerOptions { IsAlone = true }, services).Is(IPEndPoint.Parse("10.9.9.9:11111"),
                null));
        Assert.DoesNotContain(here.ListeningForOthers, e => e.StartsWith("127.", StringComparison.Ordinal));
    }

    private static int Hops(JsonElement message) =>
        message.TryGetProperty("hops", out JsonElement hops) ? hops.GetInt32() : 0;

    private async Task<JsonElement[]> WaitingAsync() =>
        [.. (await _world.GetAsync("/v1/services/sink/nodes/a/mailbox")).GetProperty("messages").EnumerateArray()];

    private async Task<string> SealedAsync()
    {
        await _world.SendAsync("loop", "a", "hello");
        await _world.UntilIdleAsync("loop", "a");
        return Assert.Single(_endpoint.Seen).Headers["Grains-Hops"];
    }

    private Task<HttpResponseMessage> ForwardAsync(string hops, string service, string query) =>
        ForwardAsync([hops], service, query);

    private async Task<HttpResponseMessage> ForwardAsync(string[] hops, string service, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/services/{service}/nodes/a/messages{query}")
        {
            Content = new StringContent("again"),
        };
        foreach (string one in hops)
        {
            request.Headers.TryAddWithoutValidation("Grains-Hops", one);
        }

        return await _world.Http.SendAsync(request);
    }

    private sealed class Bound(string address) : IServer
    {
        public IFeatureCollection Features { get; } = Listening(address);

        public void Dispose()
        {
        }

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        private static FeatureCollection Listening(string address)
        {
            var features = new FeatureCollection();
            features.Set<IServerAddressesFeature>(new AddressList { Bound = { address } });
            return features;
        }

        private sealed class AddressList : IServerAddressesFeature
        {
            public ICollection<string> Addresses => Bound;

            public List<string> Bound { get; } = [];

            public bool PreferHostingUrls { get; set; }
        }
    }

    private sealed class Silo : ILocalSiloDetails
    {
        public string Name => "a";

        public string ClusterId => "c";

        public string DnsHostName => "a";

        public SiloAddress SiloAddress { get; } = SiloAddress.New(IPAddress.Parse("10.9.9.9"), 11_111, 1);

        public SiloAddress GatewayAddress { get; } = SiloAddress.New(IPAddress.Parse("10.9.9.9"), 0, 1);
    }
}
