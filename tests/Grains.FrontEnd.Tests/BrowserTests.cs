using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Grains.FrontEnd.Tests.World;

namespace Grains.FrontEnd.Tests;

/// <summary>What browsers are told with every answer, and what pages of other sites may ask for: nothing.</summary>
public sealed class BrowserTests(SharedServers servers) : IClassFixture<SharedServers>
{
    private const string _own = "http://localhost:5000";

    /// <summary>
    /// <c>Host</c> and <c>Origin</c>; whether a server on loopback answers, and one that is <c>--insecure</c>.
    /// </summary>
    [Theory]
    [InlineData("localhost:5000", null, true, true)]
    [InlineData("localhost", null, true, true)]
    [InlineData("LOCALHOST:5000", null, true, true)]
    [InlineData("grains.localhost:5000", null, true, true)]
    [InlineData("127.0.0.1:5000", null, true, true)]
    [InlineData("127.8.8.8", null, true, true)]
    [InlineData("[::1]:5000", null, true, true)]
    [InlineData("[::1]", null, true, true)]
    [InlineData("localhost.", null, false, true)]
    [InlineData("localhost.evil.example", null, false, true)]
    [InlineData("evillocalhost", null, false, true)]
    [InlineData("evil.example:5000", null, false, true)]
    [InlineData("127.0.0.1.evil.example", null, false, true)]
    [InlineData("127.1", null, false, true)]
    [InlineData("0x7f.0.0.1", null, false, true)]
    [InlineData("0177.0.0.1", null, false, true)]
    [InlineData("2130706433", null, false, true)]
    [InlineData("0.0.0.0", null, false, true)]
    [InlineData("10.0.0.1", null, false, true)]
    [InlineData("localhost:5000", _own, true, true)]
    [InlineData("LocalHost:5000", _own, true, true)]
    [InlineData("localhost:80", "http://localhost", true, true)]
    [InlineData("localhost", "http://localhost:80", true, true)]
    [InlineData("[::1]:5000", "http://[::1]:5000", true, true)]
    [InlineData("localhost:5000", "https://localhost:5000", false, true)]
    [InlineData("localhost", "https://localhost:443", false, true)]
    [InlineData("localhost", "https://localhost:80", false, false)]
    [InlineData("localhost:443", "http://localhost", false, false)]
    [InlineData("localhost:5000", "http://localhost:5001", false, false)]
    [InlineData("localhost:5000", "http://localhost", false, false)]
    [InlineData("localhost:5000", "http://127.0.0.1:5000", false, false)]
    [InlineData("localhost:5000", "HTTP://localhost:5000", false, false)]
    [InlineData("localhost:5000", "ftp://localhost:5000", false, false)]
    [InlineData("localhost:5000", "chrome-extension://localhost:5000", false, false)]
    [InlineData("localhost:5000", "httpx://localhost:5000", false, false)]
    [InlineData("localhost:5000", "localhost:5000", false, false)]
    [InlineData("localhost:5000", "//localhost:5000", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000/", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000.evil.example", false, false)]
    [InlineData("localhost:5000", "http://evil.example/http://localhost:5000", false, false)]
    [InlineData("localhost:5000", "http://user@localhost:5000", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000 http://evil.example", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000, http://localhost:5000", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000\r\nOrigin: http://localhost:5000", false, false)]
    [InlineData("localhost:5000", "http://localhost:5000\r\nOrigin: http://evil.example", false, false)]
    [InlineData("localhost:5000", "null", false, false)]
    [InlineData("localhost:5000", "", false, false)]
    public async Task Host_and_Origin_say_whether_a_page_of_another_site_asks(
        string host, string? origin, bool loopback, bool insecure)
    {
        foreach ((bool isInsecure, bool answers) in new[] { (false, loopback), (true, insecure) })
        {
            FrontEndServer server = isInsecure ? servers.Insecure : servers.Loopback;
            string line = origin is null ? "" : $"Origin: {origin}\r\n";
            foreach (string method in new[] { "GET", "DELETE" })
            {
                Reply reply = await server.RawAsync(
                    $"{method} /v1/services/none HTTP/1.1\r\nHost: {host}\r\n{line}\r\n");
                Assert.Equal(
                    (method, isInsecure, answers ? "404 service-not-found" : "403 forbidden"),
                    (method, isInsecure, reply.Refusal));
            }
        }
    }

    [Theory]
    [InlineData("Sec-Fetch-Site: same-origin", true)]
    [InlineData("Sec-Fetch-Site: none", true)]
    [InlineData("Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document", true)]
    [InlineData("Sec-Fetch-Site: cross-site", false)]
    [InlineData("Sec-Fetch-Site: same-site", false)]
    [InlineData("Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document", false)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: cross-site", false)]
    [InlineData("Sec-Fetch-Site: same-origin, cross-site", false)]
    [InlineData("Sec-Fetch-Site: Same-Origin", false)]
    [InlineData("Sec-Fetch-Site: elsewhere", false)]
    [InlineData("Sec-Fetch-Site:", false)]
    [InlineData("Sec-Fetch-Site: same-origin\r\nOrigin: http://evil.example", false)]
    public async Task Without_keys_a_browser_must_not_say_that_another_site_asks(string lines, bool answers)
    {
        FrontEndServer server = servers.Loopback;
        Reply reply = await server.RawAsync($"GET /v1/services HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n");
        Assert.Equal(answers ? "200" : "403 forbidden", reply.Refusal);
        Assert.Equal(
            200, (await server.RawAsync($"GET /healthz HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n")).Status);
        Assert.Equal(
            200,
            (await server.RawAsync($"GET /errors/forbidden HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n")).Status);
    }

    [Theory]
    [InlineData("GET", "/healthz", 200)]
    [InlineData("GET", "/readyz", 200)]
    [InlineData("GET", "/metrics", 200)]
    [InlineData("GET", "/openapi/v1.json", 200)]
    [InlineData("GET", "/errors/bad-path", 200)]
    [InlineData("GET", "/errors/none", 404)]
    [InlineData("GET", "/nowhere", 404)]
    [InlineData("PATCH", "/v1/services", 405)]
    [InlineData("GET", "/v1/services?x=y", 400)]
    [InlineData("GET", "/v1/keyspaces/ks/keys/../a", 400)]
    [InlineData("GET", "/v1/keyspaces/ks/keys/page", 200)]
    [InlineData("HEAD", "/v1/keyspaces/ks/keys/page", 200)]
    [InlineData("GET", "/v1/services/words", 200)]
    [InlineData("GET", "/v1/services/none", 404)]
    [InlineData("PUT", "/v1/services/words", 400)]
    [InlineData("GET", "/v1/services/words/nodes/n", 500)]
    [InlineData("GET", "/api/", 200)]
    [InlineData("GET", "/api/scalar.js", 200)]
    public async Task Every_answer_says_that_nobody_frames_it_guesses_at_it_or_loads_it_from_elsewhere(
        string method, string path, int status)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/page", "<script>alert(1)</script>", "text/html");
        string end = method == "PUT" ? "Content-Length: 1\r\n\r\n[" : "Connection: close\r\n\r\n";
        Reply reply = await server.RawAsync($"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{end}");
        Assert.Equal(status, reply.Status);
        Assert.Equal(
            ("nosniff", "same-origin", "no-referrer"),
            (reply.Headers["X-Content-Type-Options"], reply.Headers["Cross-Origin-Resource-Policy"], reply.Headers["Referrer-Policy"]));
        string policy = reply.Headers["Content-Security-Policy"];
        Assert.Contains("default-src 'none'", policy);
        Assert.Contains("frame-ancestors 'none'", policy);
        Assert.DoesNotContain("unsafe-eval", policy);
        Assert.DoesNotMatch("script-src [^;]*'unsafe-inline'", policy);
        Assert.Equal(path == "/api/", !policy.Contains("sandbox"));
    }

    [Fact]
    public async Task The_page_of_the_API_runs_its_own_scripts_by_a_nonce_that_is_new_each_time()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Reply first = await server.SendAsync("GET", "/api/");
        Reply second = await server.SendAsync("GET", "/api/");
        string nonce = Regex.Match(first.Headers["Content-Security-Policy"], "'nonce-([^']+)'").Groups[1].Value;
        Assert.True(nonce.Length >= 22, nonce);
        Assert.DoesNotContain(nonce, second.Headers["Content-Security-Policy"]);
        string[] scripts = [.. Regex.Matches(first.Body, "<script[^>]*>").Select(m => m.Value)];
        Assert.NotEmpty(scripts);
        Assert.All(scripts, s => Assert.Contains($"nonce=\"{nonce}\"", s));
    }

    [Theory]
    [InlineData("/healthz")]
    [InlineData("/readyz")]
    [InlineData("/metrics")]
    [InlineData("/openapi/v1.json")]
    [InlineData("/errors/bad-path")]
    [InlineData("/api/")]
    [InlineData("/v1/services")]
    [InlineData("/v1/services/words")]
    [InlineData("/v1/services/none")]
    [InlineData("/v1/keyspaces")]
    [InlineData("/v1/keyspaces/ks")]
    [InlineData("/v1/keyspaces/ks/keys")]
    [InlineData("/v1/keyspaces/ks/keys/page")]
    [InlineData("/v1/keyspaces/ks/keys/none")]
    public async Task A_HEAD_is_answered_as_the_GET_without_its_body_and_the_connection_goes_on(string path)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/page", "value", "text/html");
        Reply get = await server.SendAsync("GET", path);
        Reply head = await server.SendAsync("HEAD", path);
        Assert.Equal((get.Status, ""), (head.Status, head.Body));
        Assert.Equal(get.Headers["Content-Type"], head.Headers["Content-Type"]);
        if (path is not "/metrics")
        {
            Assert.Equal(
                get.Headers.GetValueOrDefault("Content-Length"), head.Headers.GetValueOrDefault("Content-Length"));
        }

        // Two on one connection: a body after a HEAD would be read as the beginning of the next answer.
        string request = $"HEAD {path} HTTP/1.1\r\nHost: localhost\r\n";
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes($"{request}\r\n{request}Connection: close\r\n\r\n"));
        string received = await FrontEndServer.ReadAllAsync(socket);
        Assert.Equal(3, received.Split($"HTTP/1.1 {get.Status}").Length);
        Assert.EndsWith("\r\n\r\n", received);
    }

    [Theory]
    [InlineData("/v1/services", "GET, HEAD")]
    [InlineData("/v1/services/words", "DELETE, GET, HEAD, POST, PUT")]
    [InlineData("/v1/keyspaces/ks/keys/a", "DELETE, GET, HEAD, POST, PUT")]
    [InlineData("/v1/services/words/nodes/n/messages", "POST")]
    [InlineData("/healthz", "GET, HEAD")]
    public async Task A_method_that_a_route_does_not_take_is_405_with_those_that_it_takes(string path, string allowed)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        foreach (string method in new[] { "OPTIONS", "PATCH", "TRACE", "PROPFIND" })
        {
            Reply reply = await server.RawAsync($"{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
            Assert.Equal("405 method-not-allowed", reply.Refusal);
            Assert.Equal(allowed, string.Join(", ", reply.Headers["Allow"].Split(", ").Order(StringComparer.Ordinal)));
        }
    }
}
