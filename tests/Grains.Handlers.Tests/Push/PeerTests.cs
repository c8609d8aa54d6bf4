using System.Net.Sockets;
using Grains.Handlers.Tests.World;

namespace Grains.Handlers.Tests.Push;

/// <summary>
/// Peers that close their connections as they like, on sockets: no attempt is lost to it, and none is saved by it.
/// </summary>
public sealed class PeerTests : IClassFixture<PeerTests.Server>
{
    private const string _ok = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    private readonly HandlerWorld _world;

    public PeerTests(Server server) => _world = server.World;

    [Theory]
    [InlineData("end")]
    [InlineData("reset")]
    [InlineData("unread")]
    public async Task A_used_connection_that_breaks_before_an_answer_costs_no_attempt(string how)
    {
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            if (asked.OnConnection == 1)
            {
                await RawEndpoint.WriteAsync(socket, _ok, cancel);
                return true;
            }

            Break(socket, how);
            return false;
        });
        string service = await DeclareAsync($"stale-{how}", peer.Url);
        for (int i = 0; i < 6; i++)
        {
            await _world.SendAsync(service, $"n{i}", "hello");
            await _world.UntilIdleAsync(service, $"n{i}");
        }

        Assert.Equal(0, await DeadAsync(service));
        Assert.Contains(peer.Seen, a => a.OnConnection == 2);
        Assert.All(peer.Seen, a => Assert.Equal("1", a.Attempt));
        Assert.Equal(6, peer.Seen.Where(a => a.OnConnection == 1).Select(a => a.Node).Distinct().Count());
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK")]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: "
        + "close\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    public async Task After_an_answer_that_closes_the_next_request_takes_another_connection(string answer)
    {
        // The peer leaves it open: what comes there all the same is seen.
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            await RawEndpoint.WriteAsync(socket, answer, cancel);
            return true;
        });
        string service = await DeclareAsync($"closes-{(uint)answer.GetHashCode(StringComparison.Ordinal)}", peer.Url);
        for (int i = 0; i < 5; i++)
        {
            await _world.SendAsync(service, $"n{i}", "hello");
            await _world.UntilIdleAsync(service, $"n{i}");
        }

        Assert.Equal(0, await DeadAsync(service));
        Assert.Equal(5, peer.Seen.Count);
        Assert.All(peer.Seen, a => Assert.Equal((1, "1"), (a.OnConnection, a.Attempt)));
    }

    [Theory]
    [InlineData("HTTP/1.0 200 OK\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n")]
    [InlineData("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK")]
    public async Task A_connection_that_stays_open_is_used_again(string answer)
    {
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            await RawEndpoint.WriteAsync(socket, answer, cancel);
            return true;
        });
        string service = await DeclareAsync($"stays-{(uint)answer.GetHashCode(StringComparison.Ordinal)}", peer.Url);
        for (int i = 0; i < 5; i++)
        {
            await _world.SendAsync(service, $"n{i}", "hello");
            await _world.UntilIdleAsync(service, $"n{i}");
        }

        Assert.Equal(0, await DeadAsync(service));
        Assert.Equal(5, peer.Seen.Count);
        Assert.True(peer.Connections < 5, $"{peer.Connections} connections");
    }

    [Theory]
    [InlineData("OK")]
    [InlineData("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")]
    public async Task What_follows_an_answer_without_a_body_is_not_the_next_answer(string rest)
    {
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            await RawEndpoint.WriteAsync(
                socket, $"HTTP/1.1 204 No Content\r\nContent-Length: {rest.Length}\r\n\r\n", cancel);
            await RawEndpoint.WriteAsync(socket, rest, cancel);
            return true;
        });
        string service = await DeclareAsync($"rest-{rest.Length}", peer.Url);
        for (int i = 0; i < 5; i++)
        {
            await _world.SendAsync(service, $"n{i}", "hello");
            await _world.UntilIdleAsync(service, $"n{i}");
        }

        Assert.Equal(0, await DeadAsync(service));
        Assert.All(peer.Seen, a => Assert.Equal("1", a.Attempt));
    }

    [Theory]
    [InlineData("H", 2)]
    [InlineData("HTTP/1.1 103 Early Hints\r\n\r\n", 2)]
    [InlineData("", 3)]
    public async Task What_may_have_been_answered_or_breaks_again_counts(string begun, int requests)
    {
        int asks = 0;
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            bool isFirst = Interlocked.Increment(ref asks) == 1;
            await RawEndpoint.WriteAsync(socket, isFirst ? _ok : begun, cancel);
            return isFirst;
        });
        string service = await DeclareAsync($"counts-{begun.Length}", peer.Url);
        await _world.SendAsync(service, "first", "hello");
        await _world.UntilIdleAsync(service, "first");
        await _world.SendAsync(service, "second", "hello");
        Assert.Contains("broke off", await _world.DeadAsync(service, "second"), StringComparison.Ordinal);
        Assert.Equal(requests, peer.Seen.Count);
    }

    [Fact]
    public async Task A_handler_that_ends_with_its_connection_has_had_its_attempt()
    {
        int asks = 0;
        PeerEndpoint? peer = null;
        await using var it = peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            if (Interlocked.Increment(ref asks) > 1)
            {
                peer!.Refuse();
                return false;
            }

            await RawEndpoint.WriteAsync(socket, _ok, cancel);
            return true;
        });
        string service = await DeclareAsync("ends", peer.Url);
        await _world.SendAsync(service, "first", "hello");
        await _world.UntilIdleAsync(service, "first");
        await _world.SendAsync(service, "second", "hello");
        Assert.Contains("broke off", await _world.DeadAsync(service, "second"), StringComparison.Ordinal);
        Assert.Equal(2, peer.Seen.Count);
    }

    [Theory]
    [InlineData(429)]
    [InlineData(503)]
    public async Task Retry_After_holds_the_node_and_no_other_and_costs_no_attempt(int status)
    {
        var times = new List<long>();
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            bool isHeld = asked.Node == "held";
            if (isHeld)
            {
                times.Add(Environment.TickCount64);
            }

            await RawEndpoint.WriteAsync(socket, isHeld && times.Count <= 4
                ? $"HTTP/1.1 {status} Wait\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n" : _ok, cancel);
            return true;
        });
        string service = await DeclareAsync($"wait-{status}", peer.Url);
        await _world.SendAsync(service, "held", "hello");
        for (int i = 0; i < 5; i++)
        {
            await HandlerWorld.UntilAsync(() => Task.FromResult(times.Count > i || times.Count == 5));
            await _world.SendAsync(service, $"n{i}", "hello");
            await _world.UntilIdleAsync(service, $"n{i}");
        }

        await _world.UntilIdleAsync(service, "held");
        Assert.Equal(0, await DeadAsync(service));
        Assert.All(peer.Seen, a => Assert.Equal("1", a.Attempt));
        Assert.All(times.Zip(times.Skip(1)), t => Assert.True(t.Second - t.First >= 950, $"{t.Second - t.First} ms"));
    }

    [Fact]
    public async Task What_was_ignored_is_said_and_a_strict_service_takes_commits_only()
    {
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            await RawEndpoint.WriteAsync(
                socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nOK", cancel);
            return true;
        });
        string service = await DeclareAsync("says", peer.Url);
        await _world.SendAsync(service, "a", "hello");
        await _world.UntilIdleAsync(service, "a");
        await _world.DeclareAsync(
            service,
            new
            {
                handler = new { kind = "push", urls = new[] { peer.Url }, strict = true }, retry = new { attempts = 1 }
            });
        await _world.DeclareAsync("other", new { handler = new { kind = "push", urls = new[] { peer.Url } } });
        Assert.True(
            (await _world.GetAsync($"/v1/services/{service}")).GetProperty("handler").GetProperty("strict")
                .GetBoolean());
        Assert.False(
            (await _world.GetAsync("/v1/services/other")).GetProperty("handler").GetProperty("strict").GetBoolean());
        await _world.SendAsync(service, "b", "hello");
        Assert.Contains("content type is 'text/plain'", await _world.DeadAsync(service, "b"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_success_that_never_ends_is_a_success_at_once()
    {
        await using var peer = new PeerEndpoint(async (asked, socket, cancel) =>
        {
            await RawEndpoint.WriteAsync(
                socket, "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n", cancel);
            while (true)
            {
                await RawEndpoint.WriteAsync(socket, "2\r\nOK\r\n", cancel);
            }
        });
        string service = await DeclareAsync("endless", peer.Url);
        await _world.SendAsync(service, "a", "hello");
        await _world.UntilIdleAsync(service, "a");
        Assert.Equal("1", Assert.Single(peer.Seen).Attempt);
        Assert.Contains("text/plain", await ExplainedTroubleAsync(service), StringComparison.Ordinal);
    }

    private async Task<string> ExplainedTroubleAsync(string service)
    {
        // A node that is known says it: one with a state of its own.
        using HttpResponseMessage put = await _world.Http.PutAsync(
            $"/v1/services/{service}/nodes/a/state", new StringContent("x"));
        Assert.True(put.IsSuccessStatusCode);
        return await _world.LastTroubleAsync(service, "a");
    }

    private static void Break(Socket socket, string how)
    {
        if (how == "reset")
        {
            socket.LingerState = new LingerOption(true, 0);
        }

        if (how == "unread")
        {
            socket.Shutdown(SocketShutdown.Both);
        }

        socket.Close();
    }

    private async Task<string> DeclareAsync(string service, string url)
    {
        await _world.DeclareAsync(service, new
        {
            handler = new { kind = "push", urls = new[] { url }, timeout = "20s" },
            retry = new { attempts = 1, backoff = "50ms" },
        });
        return service;
    }

    private async Task<int> DeadAsync(string service) =>
        (await _world.GetAsync($"/v1/services/{service}/nodes")).GetProperty("nodes").EnumerateArray()
            .Sum(n => n.GetProperty("dead").GetInt32());

    /// <summary>One server for all of them.</summary>
    public sealed class Server : IAsyncLifetime
    {
        internal HandlerWorld World { get; private set; } = null!;

        public async Task InitializeAsync() => World = await HandlerWorld.StartAsync();

        public async Task DisposeAsync() => await World.DisposeAsync();
    }
}
