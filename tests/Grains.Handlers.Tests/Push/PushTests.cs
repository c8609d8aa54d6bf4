using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Grains.Handlers.Tests.World;
using Microsoft.AspNetCore.Http;

namespace Grains.Handlers.Tests.Push;

/// <summary>A whole server pushes to a real web server.</summary>
public sealed class PushTests : IAsyncLifetime
{
    private HandlerWorld _world = null!;
    private UserEndpoint _endpoint = null!;

    public async Task InitializeAsync()
    {
        _world = await HandlerWorld.StartAsync();
        _endpoint = await UserEndpoint.StartAsync();
    }

    public async Task DisposeAsync()
    {
        await _world.DisposeAsync();
        await _endpoint.DisposeAsync();
    }

    [Fact]
    public async Task In_simple_mode_the_body_is_the_message_and_the_headers_say_who_and_what()
    {
        await DeclareAsync(new { });
        string id = await _world.SendAsync(
            "greeter", "%7Ba%7Db", "hello", "text/plain", "", ("Grains-Type", "greeting"),
            ("Grains-Header-Color", "red"));
        await _world.UntilIdleAsync("greeter", "%7Ba%7Db");
        Pushed pushed = Assert.Single(_endpoint.Seen);
        Assert.Equal("hello", pushed.Text);
        Assert.Equal("text/plain", pushed.Headers["Content-Type"]);
        Assert.Equal("greeter", pushed.Headers["Grains-Service"]);
        Assert.Equal("%7Ba%7Db", pushed.Headers["Grains-Node"]);
        Assert.Equal("greeting", pushed.Headers["Grains-Type"]);
        Assert.Equal(id, pushed.Headers["Grains-Message"]);
        Assert.Equal("1", pushed.Headers["Grains-Attempt"]);
        Assert.Equal("red", pushed.Headers["grains-header-color"]);
        Assert.All(["Grains-Delivery", "Grains-Epoch", "Grains-Token"], h => Assert.NotEmpty(pushed.Headers[h]));
        Assert.DoesNotContain("Grains-Version", pushed.Headers.Keys);
    }

    [Fact]
    public async Task Every_request_is_signed_with_the_services_own_secret_which_only_its_route_shows()
    {
        await DeclareAsync(new { });
        JsonElement declaration = await _world.GetAsync("/v1/services/greeter");
        Assert.False(declaration.GetProperty("handler").TryGetProperty("secret", out _));
        string secret = (await _world.GetAsync("/v1/services/greeter/secret")).GetProperty("secret").GetString()!;
        Assert.StartsWith("whsec_", secret, StringComparison.Ordinal);

        // Declared again, it keeps it.
        await DeclareAsync(new { timeout = "5s" });
        Assert.Equal(secret, (await _world.GetAsync("/v1/services/greeter/secret")).GetProperty("secret").GetString());

        // And while it is another kind.
        await _world.DeclareAsync("greeter", new { handler = new { kind = "pull" } });
        await DeclareAsync(new { });
        Assert.Equal(secret, (await _world.GetAsync("/v1/services/greeter/secret")).GetProperty("secret").GetString());

        string id = await _world.SendAsync("greeter", "a", "hello");
        await _world.UntilIdleAsync("greeter", "a");
        Pushed pushed = Assert.Single(_endpoint.Seen);
        Assert.Equal(id, pushed.Headers["webhook-id"]);
        string signed = $"{id}.{pushed.Headers["webhook-timestamp"]}.hello";
        byte[] key = Convert.FromBase64String(secret["whsec_".Length..]);
        Assert.Equal("v1," + Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(signed))),
            pushed.Headers["webhook-signature"]);
    }

    [Fact]
    public async Task In_envelope_mode_the_answer_is_the_commit_state_sends_and_keys()
    {
        using HttpResponseMessage keyspace = await _world.Http.PutAsync(
            "/v1/keyspaces/demo", new StringContent("""{"layout":"spread"}""", Encoding.UTF8, "application/json"));
        Assert.True(keyspace.IsSuccessStatusCode);
        await DeclareAsync(new { mode = "envelope", batch = 10 });
        _endpoint.Answer = (http, pushed) =>
        {
            int before = int.Parse(pushed.Json.GetProperty("state") is { ValueKind: JsonValueKind.Object } state
                ? state.GetProperty("text").GetString()! : "0");
            string node = pushed.Json.GetProperty("node").GetString()!;
            int count = pushed.Json.GetProperty("messages").GetArrayLength();
            object[] sends = node == "{x}a" ? [new { node = "b", text = "from a" }] : [];
            object[] keys = node == "{x}a" ? [new { keyspace = "demo", key = "{x}seen", text = "yes" }] : [];
            return http.Response.WriteAsJsonAsync(new
            {
                state = new { text = $"{before + count}", contentType = "text/plain" }, sends, keys,
            });
        };
        await _world.SendAsync("greeter", "{x}a", "1");
        await HandlerWorld.UntilAsync(async () => await _world.StateAsync("greeter", "b") == "1");
        Assert.Equal("1", await _world.StateAsync("greeter", "{x}a"));
        Assert.Equal("yes", await _world.Http.GetStringAsync("/v1/keyspaces/demo/keys/{x}seen"));
        await _world.SendAsync("greeter", "{x}a", "2");
        await HandlerWorld.UntilAsync(async () => await _world.StateAsync("greeter", "b") == "2");
        Assert.Equal("2", await _world.StateAsync("greeter", "{x}a"));

        // One id for all that is in it, on every attempt: that of the delivery, not that of its first message.
        Assert.All(
            _endpoint.Seen,
            pushed => Assert.Equal(
                pushed.Json.GetProperty("delivery").GetString()!.Split('.')[0], pushed.Headers["webhook-id"]));
    }

    [Fact]
    public async Task A_409_is_later_and_does_not_count()
    {
        await DeclareAsync(new { }, attempts: 2);
        int asked = 0;
        _endpoint.Answer = (http, _) =>
        {
            http.Response.StatusCode = ++asked < 5 ? 409 : 204;
            http.Response.Headers.RetryAfter = "0";
            return Task.CompletedTask;
        };
        await _world.SendAsync("greeter", "a", "hello");
        await _world.UntilIdleAsync("greeter", "a");
        Assert.Equal(["1", "1", "1", "1", "1"], _endpoint.Seen.Select(s => s.Headers["Grains-Attempt"]));
    }

    [Fact]
    public async Task A_422_is_a_dead_letter_at_once_with_what_it_said()
    {
        await DeclareAsync(new { });
        _endpoint.Answer = (http, _) =>
        {
            http.Response.StatusCode = 422;
            return http.Response.WriteAsync("no such order");
        };
        await _world.SendAsync("greeter", "a", "hello");
        Assert.Contains("422: no such order", await _world.DeadAsync("greeter", "a"), StringComparison.Ordinal);
        Assert.Single(_endpoint.Seen);
    }

    [Fact]
    public async Task What_fails_is_tried_as_often_as_declared_and_the_reason_is_kept()
    {
        await DeclareAsync(new { }, attempts: 3);
        _endpoint.Answer = (http, _) =>
        {
            http.Response.StatusCode = 500;
            return http.Response.WriteAsync("out of tea");
        };
        await _world.SendAsync("greeter", "a", "hello");
        string reason = await _world.DeadAsync("greeter", "a");
        Assert.Contains("3 attempts", reason, StringComparison.Ordinal);
        Assert.Contains("500: out of tea", reason, StringComparison.Ordinal);
        Assert.Equal(["1", "2", "3"], _endpoint.Seen.Select(s => s.Headers["Grains-Attempt"]));
    }

    [Fact]
    public async Task One_message_that_nobody_can_handle_takes_no_other_to_the_dead_letters()
    {
        await DeclareAsync(new { mode = "envelope", batch = 10 }, attempts: 2);
        _endpoint.Answer = (http, pushed) =>
        {
            bool poison = pushed.Json.GetProperty("messages").EnumerateArray()
                .Any(m => m.GetProperty("text").GetString() == "bad");
            http.Response.StatusCode = poison ? 500 : 204;
            return Task.CompletedTask;
        };

        // Held up by a first one, so that the others are one batch.
        var first = new TaskCompletionSource();
        Func<HttpContext, Pushed, Task> answer = _endpoint.Answer;
        _endpoint.Answer = async (http, pushed) =>
        {
            await first.Task;
            await answer(http, pushed);
        };
        await _world.SendAsync("greeter", "a", "first");
        await HandlerWorld.UntilAsync(() => Task.FromResult(_endpoint.Seen.Count == 1));
        foreach (string body in new[] { "1", "bad", "2", "3" })
        {
            await _world.SendAsync("greeter", "a", body);
        }

        first.SetResult();
        Assert.Contains("answered 500", await _world.DeadAsync("greeter", "a"), StringComparison.Ordinal);
        await _world.UntilIdleAsync("greeter", "a");
        Assert.Equal(4, _endpoint.Seen.ElementAt(1).Json.GetProperty("messages").GetArrayLength());
    }

    [Fact]
    public async Task A_handler_that_works_longer_than_its_lease_keeps_it_and_is_asked_once()
    {
        await DeclareAsync(new { }, lease: "2s");
        _endpoint.Answer = async (http, _) =>
        {
            await Task.Delay(5_000);
            http.Response.StatusCode = 204;
        };
        await _world.SendAsync("greeter", "a", "hello");
        await _world.UntilIdleAsync("greeter", "a");
        Assert.Single(_endpoint.Seen);
    }

    [Fact]
    public async Task While_no_url_answers_nothing_counts_and_it_is_said_why_and_when_one_does_all_goes_on()
    {
        string url = _endpoint.Url;
        int port = new Uri(url).Port;
        await _endpoint.DisposeAsync();
        await _world.DeclareAsync("greeter", new
        {
            handler = new { kind = "push", urls = new[] { url } }, retry = new { attempts = 1, backoff = "10ms" },
        });
        await _world.SendAsync("greeter", "a", "hello");
        JsonElement explained = default;
        await HandlerWorld.UntilAsync(async () =>
            (explained = await _world.ExplainAsync("greeter", "a")).GetProperty("status").GetString() == "suspended");
        Assert.Contains("connection refused", explained.GetProperty("why").GetString(), StringComparison.Ordinal);
        _endpoint = await UserEndpoint.StartAsync(port);
        await _world.UntilIdleAsync("greeter", "a");
        Assert.Equal("1", Assert.Single(_endpoint.Seen).Headers["Grains-Attempt"]);
    }

    [Fact]
    public async Task An_address_that_takes_no_connection_is_no_attempt_however_short_the_handlers_time_is()
    {
        // A listener whose queue is full: what comes after is not answered at all.
        using var full = new System.Net.Sockets.Socket(
            System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Tcp);
        full.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        full.Listen(0);
        int port = ((System.Net.IPEndPoint)full.LocalEndPoint!).Port;
        var waiting = new List<System.Net.Sockets.TcpClient>();
        bool isFull;
        do
        {
            waiting.Add(new System.Net.Sockets.TcpClient());
            Task connecting = waiting[^1].ConnectAsync(System.Net.IPAddress.Loopback, port);
            isFull = await Task.WhenAny(connecting, Task.Delay(300)) != connecting;
        }
        while (!isFull && waiting.Count < 20);
        Assert.True(isFull, "The queue of the listener does not fill.");
        await _world.DeclareAsync("greeter", new
        {
            handler = new { kind = "push", urls = new[] { $"http://127.0.0.1:{port}/" }, timeout = "300ms" },
            retry = new { attempts = 1, backoff = "10ms" },
        });
        await _world.SendAsync("greeter", "a", "hello");
        JsonElement explained = default;
        await HandlerWorld.UntilAsync(async () =>
            (explained = await _world.ExplainAsync("greeter", "a")).GetProperty("status").GetString() == "suspended");
        Assert.Contains(
            "took no connection in time", explained.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal((1, 0), (explained.GetProperty("waiting").GetInt32(), explained.GetProperty("dead").GetInt32()));
        waiting.ForEach(w => w.Dispose());
    }

    [Fact]
    public async Task Of_several_urls_the_one_that_is_gone_is_left_out()
    {
        await using UserEndpoint other = await UserEndpoint.StartAsync();
        UserEndpoint gone = await UserEndpoint.StartAsync();
        await gone.DisposeAsync();
        await _world.DeclareAsync("greeter", new
        {
            handler = new { kind = "push", urls = new[] { _endpoint.Url, gone.Url, other.Url } },
            retry = new { attempts = 1, backoff = "10ms" },
        });
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => _world.SendAsync("greeter", $"n{i % 20}", "hello")));
        for (int i = 0; i < 20; i++)
        {
            await _world.UntilIdleAsync("greeter", $"n{i}");
        }

        Assert.Equal(200, _endpoint.Seen.Count + other.Seen.Count);
        Assert.InRange(other.Seen.Count, 20, 180);
    }

    [Fact]
    public async Task No_more_is_out_at_once_than_declared_and_one_node_has_one_at_a_time()
    {
        await DeclareAsync(new { inFlight = 3 });
        int now = 0, most = 0;
        var perNode = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        _endpoint.Answer = async (http, pushed) =>
        {
            InterlockedMax(ref most, Interlocked.Increment(ref now));
            Assert.Equal(1, perNode.AddOrUpdate(pushed.Headers["Grains-Node"], 1, (_, n) => n + 1));
            await Task.Delay(20);
            perNode.AddOrUpdate(pushed.Headers["Grains-Node"], 0, (_, n) => n - 1);
            Interlocked.Decrement(ref now);
            http.Response.StatusCode = 204;
        };
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => _world.SendAsync("greeter", $"n{i % 12}", $"{i}")));
        for (int i = 0; i < 12; i++)
        {
            await _world.UntilIdleAsync("greeter", $"n{i}");
        }

        Assert.Equal(3, most);
        Assert.Equal(60, _endpoint.Seen.Count);
    }

    private Task DeclareAsync(object handler, int attempts = 5, string lease = "30s")
    {
        Dictionary<string, object> settings = JsonSerializer.Deserialize<Dictionary<string,
        object>>(JsonSerializer.Serialize(handler))!;
        settings["kind"] = "push";
        settings["urls"] = new[] { _endpoint.Url };
        return _world.DeclareAsync(
            "greeter", new { handler = settings, lease, retry = new { attempts, backoff = "10ms" } });
    }

    private static void InterlockedMax(ref int most, int value)
    {
        int seen = Volatile.Read(ref most);
        while (value > seen)
        {
            int was = Interlocked.CompareExchange(ref most, value, seen);
            if (was == seen)
            {
                return;
            }

            seen = was;
        }
    }
}
