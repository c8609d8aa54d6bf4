using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Grains.FrontEnd.Connections;
using Grains.FrontEnd.Problems;
using Grains.FrontEnd.Requests;
using Grains.FrontEnd.Tests.World;
using Grains.Silo.Budgets;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

/// <summary>What the bodies and the answers of all requests together cost, and connections.</summary>
public sealed class TrafficTests
{
    private const int _mib = 1 << 20;

    [Theory]
    [InlineData(100)]
    [InlineData(_mib)]
    public async Task A_body_costs_what_has_come_and_not_what_was_announced(int announced)
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 64 * _mib);
        ByteShare bodies = server.Services.GetRequiredService<ServerMemory>().Bodies;
        List<Socket> open = [];
        for (int i = 0; i < 20; i++)
        {
            open.Add(await BeginAsync(server, announced, "x"));
        }

        await UntilAsync(() => bodies.Taken >= 20);
        Assert.InRange(bodies.Taken, 20, 20 * (64 << 10));
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/k", "v")).Status);
        open.ForEach(s => s.Dispose());
        await UntilAsync(() => bodies.Taken == 0);
    }

    [Fact]
    public async Task Bodies_that_use_up_the_memory_are_refused_and_one_that_stands_still_makes_way()
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 16 * _mib);
        ByteShare bodies = server.Services.GetRequiredService<ServerMemory>().Bodies;
        string most = new('x', 900_000);
        using Socket stalled = await BeginAsync(server, _mib, most);
        await UntilAsync(() => bodies.Taken == _mib);

        Reply refused = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/k", most);
        Assert.Equal("429 overloaded", refused.Refusal);
        Assert.Equal("1", refused.Headers["Retry-After"]);
        Assert.Equal(
            201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/small", new string('x', 60_000))).Status);

        // It is cut off when somebody asks again after a second in which nothing of it came.
        Reply? later = null;
        await UntilAsync(
            async () => (later = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/k", most)).Status == 201);
        Assert.Equal(201, later!.Status);
        Assert.Equal("408 body-too-slow", (await FrontEndServer.ReadReplyAsync(stalled)).Refusal);
    }

    [Fact]
    public async Task A_body_whose_length_nobody_said_is_counted_too()
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 8 * _mib);
        ByteShare bodies = server.Services.GetRequiredService<ServerMemory>().Bodies;
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            "PUT /v1/keyspaces/ks/keys/k HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
            + $"30D40\r\n{new string('x', 200_000)}\r\n"));
        await UntilAsync(() => bodies.Taken >= 200_000);
        await socket.SendAsync("0\r\n\r\n"u8.ToArray());
        Assert.Equal(201, (await FrontEndServer.ReadReplyAsync(socket)).Status);
        Assert.Equal(200_000, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/k")).Body.Length);
        await UntilAsync(() => bodies.Taken == 0);
    }

    [Fact]
    public async Task Large_bodies_that_stand_still_keep_no_turn_from_others_and_arrive_whole_in_the_end()
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 512 * _mib);
        string half = string.Concat(Enumerable.Range(0, 45_000).Select(i => $"{i % 10_000:D4}\n"));
        List<Socket> still = [];
        for (int i = 0; i < (2 * Environment.ProcessorCount) + 2; i++)
        {
            still.Add(await BeginAsync(server, 2 * half.Length, half));
        }

        ByteShare bodies = server.Services.GetRequiredService<ServerMemory>().Bodies;
        await UntilAsync(() => bodies.Taken >= still.Count * (long)half.Length);
        Assert.Equal(
            201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/other", new string('x', 900_000))).Status);
        foreach (Socket socket in still)
        {
            await socket.SendAsync(Encoding.ASCII.GetBytes(half));
            Assert.InRange((await FrontEndServer.ReadReplyAsync(socket)).Status, 200, 201);
            socket.Dispose();
        }

        Assert.Equal(half + half, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/k")).Body);
    }

    [Fact]
    public async Task A_large_page_is_whole_and_its_memory_is_given_back()
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 64 * _mib);
        for (int i = 0; i < 3; i++)
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{i}", new string((char)('a' + i), 700_000));
        }

        Reply page = await server.SendAsync("GET", "/v1/keyspaces/ks/keys?values=true");
        Assert.Equal([700_000, 700_000, 700_000],
            page.Json.GetProperty("keys").EnumerateArray()
                .Select(k => k.GetProperty("value").GetBytesFromBase64().Length));
        Assert.Equal(700_000, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/1")).Body.Length);
        ByteShare answers = server.Services.GetRequiredService<ServerMemory>().Answers;
        await UntilAsync(() => answers.Taken == 0);
    }

    [Fact]
    public async Task Pages_that_nobody_takes_cost_others_nothing()
    {
        await using FrontEndServer server = await StartAsync(heapBytes: 64 * _mib);
        for (int i = 0; i < 4; i++)
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{i}", new string('v', 1_000_000));
        }

        List<Socket> readers = [];
        for (int i = 0; i < 20; i++)
        {
            readers.Add(await AskForPageAsync(server));
        }

        ByteShare answers = server.Services.GetRequiredService<ServerMemory>().Answers;
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys?values=true")).Status);
        Assert.InRange(answers.Taken, 0, _mib);
        readers.ForEach(r => r.Dispose());
        await UntilAsync(() => answers.Taken == 0);
    }

    [Theory]
    [InlineData(64 << 10, false)]
    [InlineData(1 << 20, false)]
    [InlineData(64 << 10, true)]
    [InlineData(60_000, false)]
    public void What_a_body_was_stored_as_is_lent_to_nobody_again(int bytes, bool isExact)
    {
        var passage = new Passage(new Traffic("bodies", new ByteShare(_mib * 8), TimeProvider.System), () => { });
        var body = new GrowingBody(bytes, isExact, passage);
        body.Grow(bytes);
        body.Add(new byte[bytes]);
        byte[] stored = body.ToArray();
        body.Dispose();
        Assert.Equal(bytes, stored.Length);
        Assert.NotSame(stored, ArrayPool<byte>.Shared.Rent(bytes));
        passage.Dispose();
    }

    [Fact]
    public void Who_has_not_moved_for_a_second_makes_way_and_who_moves_does_not()
    {
        var time = new Clock();
        var share = new ByteShare(1_000_000);
        var traffic = new Traffic("answers", share, time);
        List<string> cut = [];
        var stalled = new Passage(traffic, () => cut.Add("stalled"));
        var moving = new Passage(traffic, () => cut.Add("moving"));
        stalled.Take(300_000);
        moving.Take(400_000);
        var next = new Passage(traffic, () => cut.Add("next"));
        Assert.Throws<RequestRefusedException>(() => next.Take(200_000));
        Assert.Empty(cut);
        time.Advance(TimeSpan.FromSeconds(2));
        moving.Moved();
        Assert.Throws<RequestRefusedException>(() => next.Take(200_000));
        Assert.Equal(["stalled"], cut);
        Assert.True(stalled.IsCut);
        stalled.Dispose();
        next.Take(200_000);

        // The last quarter is for what is small.
        var small = new Passage(traffic, () => cut.Add("small"));
        small.Take(60_000);
        Assert.Throws<RequestRefusedException>(() => small.Take(200_000));
        small.Dispose();
        next.Dispose();
        moving.Dispose();
        Assert.Equal(0, share.Taken);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_full_server_takes_large_bodies_in_slowly(bool isFull)
    {
        await using FrontEndServer server = await StartAsync();
        DataBudget data = server.Services.GetRequiredService<ServerMemory>().Data;
        data.Settle(isFull ? data.BytesMax : 0);
        LargeTurns turns = server.Services.GetRequiredService<ConnectionTable>().LargeTurns;

        // Who asks for what is counted over a tenth of a second.
        await Task.Delay(TimeSpan.FromMilliseconds(120));
        long begun = 0;
        for (int i = 0; i < 2; i++)
        {
            turns.CountRequest();
            begun = System.Diagnostics.Stopwatch.GetTimestamp();
            (await turns.BeginAsync(_mib)).Dispose();
        }

        // A mebibyte a second for each processor where it is full, else eight.
        double pace = 1.0 / Environment.ProcessorCount;
        double took = System.Diagnostics.Stopwatch.GetElapsedTime(begun).TotalSeconds;
        Assert.True(isFull ? took > pace * 0.9 : took < (pace * 0.5) + 0.2, $"{took} s");
    }

    [Fact]
    public async Task When_there_are_as_many_connections_as_may_be_idle_ones_make_way()
    {
        await using FrontEndServer server = await StartAsync(connectionsMax: 20);
        ConnectionTable table = server.Services.GetRequiredService<ConnectionTable>();
        List<Socket> idle = [];
        for (int i = 0; i < 30; i++)
        {
            try
            {
                Socket socket = await server.ConnectAsync();
                idle.Add(socket);
                await socket.SendAsync(i % 2 == 0 ? "GET /healthz HTTP/1.1\r\nHo"u8.ToArray() : []);
            }
            catch (SocketException) when (i >= 16)
            {
                // It was one too many, and none was idle for long enough yet.
            }
        }

        await UntilAsync(() => table.Count >= 19);
        Assert.InRange(table.Count, 1, 20);
        await UntilAsync(async () =>
        {
            using var http = new HttpClient { BaseAddress = server.Address };
            try
            {
                return (await http.GetAsync("/healthz")).IsSuccessStatusCode;
            }
            catch (Exception e) when (e is HttpRequestException or SocketException)
            {
                return false;
            }
        });
        idle.ForEach(s => s.Dispose());
    }

    [Fact]
    public async Task A_connection_on_which_a_request_is_handled_makes_way_for_nobody()
    {
        await using FrontEndServer server = await StartAsync(connectionsMax: 16);
        Socket[] busy = new Socket[16];
        for (int i = 0; i < busy.Length; i++)
        {
            busy[i] = await BeginAsync(server, 10, "x");
        }

        ConnectionTable table = server.Services.GetRequiredService<ConnectionTable>();
        ByteShare bodies = server.Services.GetRequiredService<ServerMemory>().Bodies;
        await UntilAsync(() => table.Count == 16 && bodies.Taken == 160);
        Assert.True(await IsClosedAtOnceAsync(server), "One connection too many was left open.");
        foreach (Socket socket in busy)
        {
            await socket.SendAsync("123456789"u8.ToArray());
            Assert.InRange((await FrontEndServer.ReadReplyAsync(socket)).Status, 200, 201);
            socket.Dispose();
        }
    }

    private static async Task<FrontEndServer> StartAsync(long heapBytes = 256 * _mib, int? connectionsMax = null)
    {
        FrontEndServer server = await FrontEndServer.StartAsync(
            configure: o => o.ConnectionsMax = connectionsMax,
            addServices: s => s.AddSingleton(_ => new ServerMemory(new MemoryShares(heapBytes))));

        // What the test does not know of must not hold a connection.
        await server.SendAsync("PUT", "/v1/keyspaces/ks", """{"layout": "ordered"}""", headers: ("Connection", "close"));
        await UntilAsync(() => server.Services.GetRequiredService<ConnectionTable>().Count == 0);
        return server;
    }

    private static async Task<Socket> BeginAsync(FrontEndServer server, int length, string sent)
    {
        Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"PUT /v1/keyspaces/ks/keys/k HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n{sent}"));
        return socket;
    }

    private static async Task<Socket> AskForPageAsync(FrontEndServer server)
    {
        var socket = new Socket(
            AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 4_096 };
        await socket.ConnectAsync("127.0.0.1", server.Address.Port);
        await socket.SendAsync("GET /v1/keyspaces/ks/keys?values=true HTTP/1.1\r\nHost: localhost\r\n\r\n"u8.ToArray());
        return socket;
    }

    /// <summary>Also where it is closed so fast that it never seemed to be open.</summary>
    private static async Task<bool> IsClosedAtOnceAsync(FrontEndServer server)
    {
        try
        {
            using Socket late = await server.ConnectAsync();
            return await ReceiveAsync(late) == 0;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.ConnectionReset)
        {
            return true;
        }
    }

    /// <summary>Zero: it was closed.</summary>
    private static async Task<int> ReceiveAsync(Socket socket)
    {
        try
        {
            return await socket.ReceiveAsync(new byte[1]).WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (SocketException)
        {
            return 0;
        }
    }

    private sealed class Clock : TimeProvider
    {
        private long _ticks;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }

    private static Task UntilAsync(Func<bool> condition) => UntilAsync(() => Task.FromResult(condition()));

    private static async Task UntilAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        using var look = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!await condition())
        {
            await look.WaitForNextTickAsync(deadline.Token);
        }
    }
}
