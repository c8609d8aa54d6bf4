using System.Net.Sockets;
using System.Text;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Tests;

/// <summary>
/// Requests that no well-meaning client sends, over bare sockets: each is refused, and the server lives on.
/// </summary>
public sealed class HostileInputTests
{
    private const string _host = "Host: localhost\r\n";

    [Theory]
    [InlineData("/v1/keyspaces/ks/keys/../../../v1/keyspaces/ks", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a/../b", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a/./b", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/%2e%2e/b", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a/%2E./b", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a/..", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a/..?x=1", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/a%2f..%2fb", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/a\\..\\b", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/%00", "400")]
    [InlineData("/v1/keyspaces/ks/keys/%01", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%7f", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%c2%85", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%ff", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%c0%af", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%ed%a0%80", "400 bad-name")]
    [InlineData("/v1/keyspaces/ks/keys/%f", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/%zz", "400 bad-path")]
    [InlineData("/v1/keyspaces/ks/keys/", "400 bad-name")]
    [InlineData("/v1/keyspaces/KS/keys/a", "400 bad-name")]
    [InlineData("/v1/keyspaces/%6bs/keys/a", "400 bad-name")]
    [InlineData("/v1/keyspaces/-ks/keys/a", "400 bad-name")]
    [InlineData("/v1/keyspaces/$system/keys/a", "400 bad-name")]
    [InlineData("/v1/keyspaces//keys/a", "404 route-not-found")]
    [InlineData("/v1/services/words/nodes/a%2fb/state", "400 bad-name")]
    [InlineData("/v1/services/words/nodes/a%2Fb/state", "400 bad-name")]
    [InlineData("/v1/services/words/nodes/%2e/state", "400 bad-path")]
    [InlineData("/v1/services/words/nodes//state", "404 route-not-found")]
    [InlineData("/v1/services/words/nodes/%ff/state", "400 bad-name")]
    [InlineData("http://localhost/v1/keyspaces/ks/keys/a", "400 bad-path")]
    [InlineData("/v2/nothing", "404 route-not-found")]
    public async Task A_put_to_a_tricky_path_is_refused_and_changes_nothing(string path, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.RawAsync($"PUT {path} HTTP/1.1\r\n{_host}Content-Length: 1\r\n\r\nx");
        Assert.Equal(expected, reply.Refusal);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
        Assert.True(await server.IsAliveAsync());
        Assert.Equal("", string.Join("\n", server.Errors.Lines));
    }

    [Theory]
    [InlineData("keyspaces/ks/keys/", 1_024, "201")]
    [InlineData("keyspaces/ks/keys/", 1_025, "400 bad-name")]
    [InlineData("keyspaces/", 63, "400 bad-field")]
    [InlineData("keyspaces/", 64, "400 bad-name")]
    [InlineData("keyspaces/ks/keys/", 10_000, "414")]
    public async Task A_name_is_accepted_up_to_its_limit(string folder, int length, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string type = folder == "keyspaces/" ? "Content-Type: application/json\r\n" : "";
        Reply reply = await server.RawAsync(
            $"PUT /v1/{folder}{new string('a', length)} HTTP/1.1\r\n{_host}{type}Content-Length: 2\r\n\r\n{{}}");
        Assert.Equal(expected, reply.Refusal);
        Assert.True(await server.IsAliveAsync());
    }

    [Theory]
    [InlineData("If-None-Match: *\r\nIf-None-Match: *")]
    [InlineData("If-Match: 1")]
    [InlineData("If-Match: \" 1\"")]
    [InlineData("If-Match: \"1\" \"2\"")]
    [InlineData("If-Match: *, \"1\"")]
    [InlineData("Content-Type: text/plain\r\nContent-Type: text/html")]
    [InlineData("Content-Type: text/\u00fc")]
    public async Task A_put_with_an_unusable_header_is_refused_with_bad_header(string header)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.RawAsync(
            $"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}{header}\r\nContent-Length: 1\r\n\r\nx");
        Assert.StartsWith("400", reply.Refusal);
        Assert.True(reply.Refusal == "400 bad-header" || header.Contains('\u00fc'), reply.Refusal);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
    }

    [Theory]
    [InlineData("Idempotency-Key: a\r\nIdempotency-Key: b")]
    [InlineData("Idempotency-Key: a b")]
    [InlineData("Idempotency-Key:")]
    [InlineData("Grains-Type: a\r\nGrains-Type: b")]
    [InlineData("traceparent: a\r\ntraceparent: b")]
    [InlineData("ce-id: a\r\nce-id: b")]
    public async Task A_send_with_a_doubled_or_unusable_header_is_refused_with_bad_header(string header)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.RawAsync(
            $"POST /v1/services/words/nodes/n/messages HTTP/1.1\r\n{_host}{header}\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal("400 bad-header", reply.Refusal);
    }

    [Fact]
    public async Task More_than_32_kept_headers_or_8_KiB_of_them_are_refused()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string many = string.Concat(Enumerable.Range(0, 33).Select(i => $"ce-h{i}: x\r\n"));
        string big = $"ce-a: {new string('x', 5_000)}\r\nce-b: {new string('x', 5_000)}\r\n";
        foreach (string headers in new[] { many, big })
        {
            Reply reply = await server.RawAsync(
                $"POST /v1/services/words/nodes/n/messages HTTP/1.1\r\n{_host}{headers}Content-Length: 1\r\n\r\nx");
            Assert.Equal("400 bad-header", reply.Refusal);
        }
    }

    [Theory]
    [InlineData("Content-Length: +3\r\n\r\nabc", "400")]
    [InlineData("Content-Length: -1\r\n\r\n", "400")]
    [InlineData("Content-Length: 3, 3\r\n\r\nabc", "400")]
    [InlineData("Content-Length: 0x3\r\n\r\nabc", "400")]
    [InlineData("Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "400")]
    [InlineData("Content-Length: 99999999999999999999999\r\n\r\nabc", "400")]
    [InlineData("Content-Length: 9223372036854775807\r\n\r\nabc", "413 too-large")]
    [InlineData("Content-Length: 1048577\r\n\r\nabc", "413 too-large")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n", "400 bad-body")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n", "400 bad-body")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-3\r\nabc\r\n0\r\n\r\n", "400 bad-body")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "400")]
    public async Task A_body_with_broken_or_oversized_framing_is_refused(string rest, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.RawAsync($"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}{rest}");
        Assert.Equal(expected, reply.Refusal);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
        Assert.True(await server.IsAliveAsync());
        Assert.Equal("", string.Join("\n", server.Errors.Lines));
    }

    [Fact]
    public async Task A_body_of_exactly_the_limit_passes_and_one_byte_more_is_refused_with_the_limit()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", new string('x', 1 << 20))).Status);
        Reply over = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", new string('x', (1 << 20) + 1));
        Assert.Equal("413 too-large", over.Refusal);
        Assert.Equal(1 << 20, over.Json.GetProperty("limit").GetInt32());

        string chunk = $"{1 << 19:x}\r\n{new string('x', 1 << 19)}\r\n";
        Reply chunked = await server.RawAsync(
            $"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}Transfer-Encoding: "
            + $"chunked\r\n\r\n{chunk}{chunk}1\r\nx\r\n0\r\n\r\n");
        Assert.Equal("413 too-large", chunked.Refusal);
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nabc")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n5\r\nabc")]
    public async Task A_body_that_ends_early_changes_nothing_and_is_no_error(string rest)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes($"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}{rest}"));
        socket.Shutdown(SocketShutdown.Send);
        await Task.Delay(200);
        Assert.True(await server.IsAliveAsync());
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
        Assert.Equal("", string.Join("\n", server.Errors.Lines));
    }

    [Fact]
    public async Task A_connection_that_is_reset_in_the_middle_of_a_body_changes_nothing_and_is_no_error()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        for (int i = 0; i < 20; i++)
        {
            using Socket socket = await server.ConnectAsync();
            await socket.SendAsync(
                Encoding.ASCII.GetBytes(
                    $"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}Content-Length: 100000\r\n\r\nabc"));
            await Task.Delay(5);
            socket.LingerState = new LingerOption(true, 0);
        }

        await Task.Delay(200);
        Assert.True(await server.IsAliveAsync());
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Keyspace.Value: > 0 });
        Assert.Equal("", string.Join("\n", server.Errors.Lines));
    }

    [Fact]
    public async Task A_body_that_trickles_is_refused_with_408()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(
            Encoding.ASCII.GetBytes($"PUT /v1/keyspaces/ks/keys/a HTTP/1.1\r\n{_host}Content-Length: 100000\r\n\r\na"));
        Reply reply = await FrontEndServer.ReadReplyAsync(socket);
        Assert.Equal("408 body-too-slow", reply.Refusal);
        Assert.True(await server.IsAliveAsync());
    }

    [Fact]
    public async Task A_waiting_receive_is_cancelled_when_its_caller_goes_away()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        var cancelled = new TaskCompletionSource();
        server.Partitions.Script = (_, command, cancel) => command is StateMachines.Deliveries.Receive
            ? WaitAsync(cancel)
            : null;
        Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST /v1/services/words/nodes/n/receive HTTP/1.1\r\n{_host}Content-Type: "
            + $"application/json\r\nContent-Length: 14\r\n\r\n{{\"wait\":\"60s\"}}"));
        await Task.Delay(200);
        socket.Close();
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.True(await server.IsAliveAsync());
        Assert.Equal("", string.Join("\n", server.Errors.Lines));

        async Task<Answer> WaitAsync(CancellationToken cancel)
        {
            try
            {
                await Task.Delay(Timeout.Infinite, cancel);
            }
            finally
            {
                cancelled.SetResult();
            }

            throw new InvalidOperationException();
        }
    }

    [Theory]
    [InlineData("""{"layout":"ordered","layout":"spread"}""", "bad-json", "layout")]
    [InlineData("""{"layout":"ordered","colour":1}""", "bad-json", "colour")]
    [InlineData("""{"layout":"ordered",}""", "bad-json", "")]
    [InlineData("""{"layout":"ordered"} x""", "bad-json", "")]
    [InlineData("""{"layout":1}""", "bad-json", "layout")]
    [InlineData("""{"layout":"round"}""", "bad-field", "layout")]
    [InlineData("""{"Layout":"ordered"}""", "bad-json", "Layout")]
    [InlineData("""{/**/"layout":"ordered"}""", "bad-json", "")]
    [InlineData("{}", "bad-field", "layout")]
    [InlineData("null", "bad-json", "")]
    [InlineData("[]", "bad-json", "")]
    [InlineData("\"\\ud800\"", "bad-json", "")]
    [InlineData("{\"layout\":\"\\ud800\"}", "bad-json", "layout")]
    public async Task A_declaration_that_is_not_strictly_its_shape_is_refused_by_name(
        string body, string code, string named)
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply reply = await server.SendAsync("PUT", "/v1/keyspaces/new", body);
        Assert.Equal("400 " + code, reply.Refusal);
        Assert.Contains(named, reply.Detail);
        Assert.DoesNotContain("Grains", reply.Detail);
        Assert.DoesNotContain("System", reply.Detail);
    }

    [Theory]
    [InlineData("""{"max":0}""", "400 bad-field", "max")]
    [InlineData("""{"max":-1}""", "400 bad-field", "max")]
    [InlineData("""{"max":1001}""", "400 bad-field", "max")]
    [InlineData("""{"max":99999999999999999999}""", "400 bad-json", "max")]
    [InlineData("""{"max":1.5}""", "400 bad-json", "max")]
    [InlineData("""{"max":"1"}""", "400 bad-json", "max")]
    [InlineData("""{"max":1e400}""", "400 bad-json", "max")]
    [InlineData("""{"wait":"61s"}""", "400 bad-field", "wait")]
    [InlineData("""{"wait":"-1s"}""", "400 bad-field", "wait")]
    [InlineData("""{"lease":"1ms"}""", "400 bad-field", "lease")]
    [InlineData("""{"lease":"13h"}""", "400 bad-field", "lease")]
    public async Task A_receive_with_a_number_out_of_range_is_refused_by_name(
        string body, string expected, string named)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.SendAsync("POST", "/v1/services/words/nodes/n/receive", body);
        Assert.Equal(expected, reply.Refusal);
        Assert.Contains($"'{named}'", reply.Detail);
    }

    [Fact]
    public async Task Deep_JSON_and_JSON_over_64_KiB_are_refused()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        string deep = string.Concat(Enumerable.Repeat("""{"retry":""", 200)) + "1" + new string('}', 200);
        Assert.Equal("400 bad-json", (await server.SendAsync("PUT", "/v1/services/new", deep)).Refusal);
        Assert.Equal(
            "413 too-large", (await server.SendAsync("PUT", "/v1/services/new", new string(' ', 70_000))).Refusal);
    }

    [Theory]
    [InlineData("text/plain", "415 unsupported-media-type")]
    [InlineData("application/x-www-form-urlencoded", "415 unsupported-media-type")]
    [InlineData("application/json; charset=latin1", "415 unsupported-media-type")]
    [InlineData("json", "415 unsupported-media-type")]
    [InlineData("application/json; charset=UTF-8", "201")]
    [InlineData("application/merge-patch+json", "201")]
    public async Task A_declaration_is_read_only_as_JSON(string contentType, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Assert.Equal(expected, (await server.SendAsync("PUT", "/v1/services/new", "{}", contentType)).Refusal);
    }

    [Fact]
    public async Task A_wrong_method_is_405_with_the_methods_that_there_are()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply reply = await server.SendAsync("PATCH", "/v1/keyspaces/ks", "{}");
        Assert.Equal("405 method-not-allowed", reply.Refusal);
        Assert.Contains("PUT", reply.Headers["Allow"]);
    }

    [Fact]
    public async Task A_stored_page_cannot_run_as_one_of_this_site()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "<script>alert(1)</script>", "text/html");
        Reply read = await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a");
        Assert.Contains("sandbox", read.Headers["Content-Security-Policy"]);
    }

    [Fact]
    public async Task A_fault_is_500_with_an_instance_that_the_log_knows_and_nothing_of_its_inside()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, _, _) => throw new InvalidOperationException("the inside");
        Reply reply = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "x");
        Assert.Equal("500 internal", reply.Refusal);
        Assert.Equal("unknown", reply.Json.GetProperty("outcome").GetString());
        Assert.DoesNotContain("inside", reply.Body);
        Assert.Contains(reply.Json.GetProperty("instance").GetString()!, Assert.Single(server.Errors.Lines));
    }
}
