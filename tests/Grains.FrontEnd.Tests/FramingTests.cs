using System.Buffers;
using System.Net.Sockets;
using System.Text;
using Grains.FrontEnd.Framing;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Tests;

/// <summary>What a proxy and a server may take for different requests is refused, and the connection closed.</summary>
public sealed class FramingTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const string _put = "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\nHost: localhost\r\n";
    private const string _next = "PUT /v1/keyspaces/ks/keys/hidden HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
        + "1\r\n\r\nx";

    public static TheoryData<string> Heads =>
    [
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\nHost: localhost\nContent-Length: 1\n\nA",
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\nHost: localhost\r\nContent-Length: 1\r\n\r\nA",
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\nHost: localhost\nContent-Length: 1\r\n\r\nA",
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\nA",
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\r\n\r\nA",
        $"{_put}Transfer-Encoding: gzip, chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: identity, chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked, chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked\r\nTransfer-Encoding: Chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked\r\ntransfer-encoding:\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: identity\r\n\r\n",
        $"{_put}Transfer-Encoding:\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked;q=1\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: \"chunked\"\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked,\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: xchunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: \vchunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding : chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Transfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Content-Length: 11\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        "PUT /v1/keyspaces/ks/keys/a HTTP/1.0\r\nHost: localhost\r\nTransfer-Encoding: "
        + "chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n",
        $"{_put}Content-Length: 1\r\nContent-Length: 1\r\n\r\nA",
        $"{_put}Content-Length: 1, 1\r\n\r\nA",
        $"{_put}Content-Length: 1 1\r\n\r\nA",
        $"{_put}Content-Length:\r\n\r\nA",
        $"{_put}Content-Length : 1\r\n\r\nA",
        $"{_put}Content-Length\t: 1\r\n\r\nA",
        $"{_put}Content-Length: 1\r\n X-Folded: y\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A: b\r\n\tc\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A: b\0c\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A: b\u0001c\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A: b\u007fc\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A: b\rX-B: c\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX(A): b\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX A: b\r\n\r\nA",
        $"{_put}Content-Length: 1\r\n: b\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX-A\r\n\r\nA",
        $"{_put}Content-Length: 1\r\nX\u00e4: b\r\n\r\nA",
        "PUT /v1/keyspaces/ks/keys/a\0 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nA",
        "PUT\t/v1/keyspaces/ks/keys/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nA",
    ];

    public static TheoryData<string> Chunks =>
    [
        "1;a\0b\r\nA\r\n0\r\n\r\n",
        "1;a\u007f\r\nA\r\n0\r\n\r\n",
        "1;a\nA\r\n0\r\n\r\n",
        "1;a\rA\r\n0\r\n\r\n",
        "1\nA\r\n0\r\n\r\n",
        "1\rA\r\n0\r\n\r\n",
        "1 \r\nA\r\n0\r\n\r\n",
        "1\t;a\r\nA\r\n0\r\n\r\n",
        " 1\r\nA\r\n0\r\n\r\n",
        "+1\r\nA\r\n0\r\n\r\n",
        "-1\r\nA\r\n0\r\n\r\n",
        "0x1\r\nA\r\n0\r\n\r\n",
        "1_\r\nA\r\n0\r\n\r\n",
        "g\r\nA\r\n0\r\n\r\n",
        "\r\nA\r\n0\r\n\r\n",
        ";a\r\nA\r\n0\r\n\r\n",
        "80000000\r\nA\r\n0\r\n\r\n",
        "100000001\r\nA\r\n0\r\n\r\n",
        "00000000000000001\r\nA\r\n0\r\n\r\n",
        "1\r\nAA\r\n0\r\n\r\n",
        "1\r\nA\n0\r\n\r\n",
        "1\r\nA\r0\r\n\r\n",
        "1\r\nA0\r\n\r\n",
        "1\r\nA\r\n0\n\r\n",
        "1\r\nA\r\n0;a\0\r\n\r\n",
        "1\r\nA\r\n0\r\n\n",
        "1\r\nA\r\n0\r\nX: y\n\r\n",
        "1\r\nA\r\n0\r\nX : y\r\n\r\n",
        "1\r\nA\r\n0\r\n X: y\r\n\r\n",
        "1\r\nA\r\n0\r\nX: \0\r\n\r\n",
        "1\r\nA\r\n0\r\nContent-Length: 9\r\n\r\n",
        "1\r\nA\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
        $"1;{new string('a', RequestFraming.ExtensionBytesMax)}\r\nA\r\n0\r\n\r\n",
        $"1;{new string('a', 65_536)}\r\nA\r\n0\r\n\r\n",
        $"{string.Concat(Enumerable.Repeat($"1;{new string('a', 127)}\r\nA\r\n", 129))}0\r\n\r\n",
    ];

    [Theory, MemberData(nameof(Heads))]
    public async Task A_head_that_two_may_read_differently_is_refused_and_the_connection_closed(string request) =>
        await RefuseAsync(request, wholeHead: false);

    [Theory, MemberData(nameof(Chunks))]
    public async Task A_body_that_two_may_read_differently_is_refused_and_the_connection_closed(string body) =>
        await RefuseAsync($"{_put}Transfer-Encoding: chunked\r\n\r\n{body}", wholeHead: true);

    [Theory]
    [InlineData("Content-Length: 1\r\n\r\nA")]
    [InlineData("content-length:1\r\n\r\nA")]
    [InlineData("Content-Length: \t 1 \t\r\n\r\nA")]
    [InlineData("Content-Length: 0000000000000000001\r\n\r\nA")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\n\r\n")]
    [InlineData("transfer-encoding:\tCHUNKED \r\n\r\n1\r\nA\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n0001\r\nA\r\n00\r\n\r\n")]
    [InlineData("Transfer-Encoding: "
        + "chunked\r\n\r\n1;chunk-signature=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\nA\r\n0;x=\"y z\"\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1\r\nA\r\n0\r\nX-Sum: abc\r\nX-Other:\r\n\r\n")]
    [InlineData("X-Empty:\r\nX-Tab: a\tb\r\nX-Text: gr\u00c3\u00bc\u00c3\u009fe\r\nContent-Length: 1\r\n\r\nA")]
    public async Task What_RFC_9112_allows_passes_in_one_piece_and_byte_by_byte_and_the_connection_goes_on(string rest)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        foreach (int piece in new[] { int.MaxValue, 1 })
        {
            using Socket socket = await server.ConnectAsync();
            byte[] bytes = Encoding.Latin1.GetBytes($"{_put}{rest}{_put}Connection: close\r\n{rest}");
            socket.NoDelay = true;
            for (int at = 0; at < bytes.Length; at += Math.Min(piece, bytes.Length))
            {
                await socket.SendAsync(bytes.AsMemory(at, Math.Min(piece, bytes.Length - at)));
            }

            Assert.Equal(2, Statuses(await FrontEndServer.ReadAllAsync(socket)).Count(s => s is 200 or 201));
            Assert.Equal("A"u8.ToArray(), server.Partitions.Last<PutKey>().Value);
        }
    }

    [Theory]
    [InlineData(RequestFraming.ExtensionBytesMax - 2, 1, true)]
    [InlineData(RequestFraming.ExtensionBytesMax - 1, 1, true)]
    [InlineData(RequestFraming.ExtensionBytesMax, 1, false)]
    [InlineData(127, RequestFraming.ExtensionsBytesMax / 128, true)]
    [InlineData(127, (RequestFraming.ExtensionsBytesMax / 128) + 1, false)]
    public void Extensions_are_bounded_in_each_chunk_and_in_all(int chars, int chunks, bool expected)
    {
        string body = string.Concat(Enumerable.Repeat($"1;{new string('a', chars)}\r\nA\r\n", chunks));
        Assert.Equal(expected, Follows($"{_put}Transfer-Encoding: chunked\r\n\r\n{body}0\r\n\r\n", out _));
    }

    [Fact]
    public void Where_it_is_broken_does_not_depend_on_how_it_arrives()
    {
        foreach (string broken in Heads.Cast<object[]>().Select(h => (string)h[0]).Concat(
            Chunks.Cast<object[]>().Select(c => $"{_put}Transfer-Encoding: chunked\r\n\r\n{(string)c[0]}")).Where(b =>
                b.Length < 2_000))
        {
            Assert.False(Follows(broken + _next, out long whole), broken);
            Assert.False(FollowsInPieces(broken + _next, out long pieces), broken);
            Assert.Equal((broken, whole), (broken, pieces));
        }
    }

    [Fact]
    public void A_line_without_an_end_and_another_protocol_are_told_apart()
    {
        Assert.False(Follows(new string('a', 70_000), out _));
        Assert.True(Follows("\u0016\u0003\u0001" + new string('\u0001', 70_000) + "\n\0\n", out _));
        Assert.True(Follows("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\n", out _));
    }

    [Fact]
    public async Task The_preface_of_HTTP_2_is_answered_as_the_web_server_does()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.Latin1.GetBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u0004\0\0\0\0\0"));
        string received = await FrontEndServer.ReadAllAsync(socket);

        // In frames of HTTP/2, as without the check: nothing of it was taken for a broken request.
        Assert.NotEqual("", received);
        Assert.DoesNotContain("HTTP/1.1", received);
    }

    private async Task RefuseAsync(string request, bool wholeHead)
    {
        FrontEndServer server = servers.Loopback;

        // A good request before it on the same connection is answered, and what follows it is not.
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(
            Encoding.Latin1.GetBytes("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n" + request + _next));
        int[] statuses = Statuses(await FrontEndServer.ReadAllAsync(socket));
        Assert.Equal([200, 400], statuses);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });

        // Its last bytes on their own.
        using Socket late = await server.ConnectAsync();
        int cut = wholeHead ? request.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 5 : request.Length - 1;
        await late.SendAsync(Encoding.Latin1.GetBytes(request[..cut]));
        await late.SendAsync(Encoding.Latin1.GetBytes(request[cut..] + _next));
        Assert.DoesNotContain(Statuses(await FrontEndServer.ReadAllAsync(late)), s => s < 400);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
        Assert.True(await server.IsAliveAsync());
        Assert.Equal("", string.Join("\n", server.Errors.Lines));
    }

    private static bool Follows(string request, out long unitStart)
    {
        var framing = new RequestFraming();
        bool follows = framing.TryFollow(new ReadOnlySequence<byte>(Encoding.Latin1.GetBytes(request)));
        unitStart = framing.UnitStart;
        return follows;
    }

    private static bool FollowsInPieces(string request, out long unitStart)
    {
        var framing = new RequestFraming();
        byte[] bytes = Encoding.Latin1.GetBytes(request);
        for (int end = 1; end <= bytes.Length; end++)
        {
            if (!framing.TryFollow(
                new ReadOnlySequence<byte>(bytes, (int)framing.Position, end - (int)framing.Position)))
            {
                unitStart = framing.UnitStart;
                return false;
            }
        }

        unitStart = framing.UnitStart;
        return true;
    }

    private static int[] Statuses(string received) =>
        [.. received.Split("HTTP/1.1 ").Skip(1).Select(part => int.Parse(part.AsSpan(0, 3), null))];
}
