using System.Security.Cryptography;
using System.Text;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Access;

namespace Grains.FrontEnd.Tests;

public sealed class AccessTests
{
    private const string _reader = "reader-key-0123456789";
    private const string _writer = "writer-key-0123456789";
    private const string _admin = "admin-key-0123456789";

    [Fact]
    public async Task A_key_may_do_what_its_permission_says_and_no_more()
    {
        string file = Path.GetTempFileName();
        try
        {
            string hash = Convert.ToHexString(SHA256.HashData(Encoding.ASCII.GetBytes(_admin))).ToLowerInvariant();
            await File.WriteAllTextAsync(file, $"# keys\n\nr read {_reader}\nw\twrite  {_writer}\na admin {hash}\n");
            await using FrontEndServer server = await FrontEndServer.StartAsync(keysFile: file);

            Assert.Equal("401 unauthenticated", await AskAsync(server, "GET", "/v1/services", null));
            Assert.Equal("401 unauthenticated", await AskAsync(server, "GET", "/v1/services", "Bearer wrong"));
            Assert.Equal("401 unauthenticated", await AskAsync(server, "GET", "/v1/services", "Basic " + _reader));
            Assert.Equal(
                "401 unauthenticated",
                await AskAsync(server, "GET", "/v1/services", "Bearer " + new string('x', 5_000)));
            Assert.Equal("401 unauthenticated", await AskAsync(server, "GET", "/v1/services", "Bearer " + hash));
            Assert.Equal("200", await AskAsync(server, "GET", "/v1/services", "Bearer " + _reader));
            Assert.Equal("403 forbidden", await AskAsync(server, "PUT", "/v1/services/s", "Bearer " + _reader));
            Assert.Equal("403 forbidden", await AskAsync(server, "PUT", "/v1/services/s", "Bearer " + _writer));
            Assert.Equal("201", await AskAsync(server, "PUT", "/v1/services/s", "Bearer " + _admin));
            Assert.Equal("200", await AskAsync(server, "PUT", "/v1/services/s", "bearer " + _admin));
            Assert.Equal("403 forbidden", await AskAsync(server, "PUT", "/v1/keyspaces/k/keys/a", "Bearer " + _reader));
            Assert.Equal(
                "404 keyspace-not-found", await AskAsync(server, "PUT", "/v1/keyspaces/k/keys/a", "Bearer " + _writer));
            Assert.Equal(
                "403 forbidden", await AskAsync(server, "POST", "/v1/services/s/nodes/n:purge", "Bearer " + _writer));
            foreach (string open in new[] { "/healthz", "/readyz", "/openapi/v1.json", "/errors/forbidden" })
            {
                Assert.Equal(200, (await server.SendAsync("GET", open)).Status);
            }

            Reply refused = await server.SendAsync("GET", "/v1/services");
            Assert.Equal("Bearer", refused.Headers["WWW-Authenticate"]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("Host", "evil.example", "403 forbidden")]
    [InlineData("Host", "evil.example:80", "403 forbidden")]
    [InlineData("Host", "localhost.evil.example", "403 forbidden")]
    [InlineData("Origin", "http://evil.example", "403 forbidden")]
    [InlineData("Origin", "null", "403 forbidden")]
    [InlineData("Host", "localhost", "200")]
    [InlineData("Host", "[::1]:8080", "200")]
    public async Task A_server_without_keys_takes_nothing_from_pages_of_other_sites(
        string header, string value, string expected)
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Assert.Equal(expected, (await server.SendAsync("GET", "/v1/services", headers: (header, value))).Refusal);
    }

    [Fact]
    public async Task A_page_of_this_server_may_call_it()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Assert.Equal(
            200,
            (await server.SendAsync("GET", "/v1/services", headers: ("Origin", server.Address.GetLeftPart(UriPartial.Authority)))).Status);
    }

    [Fact]
    public async Task A_server_started_insecure_answers_under_every_host_name()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync(configure: o => o.Insecure = true);
        Assert.Equal(200, (await server.SendAsync("GET", "/v1/services", headers: ("Host", "grains.example"))).Status);
    }

    [Fact]
    public void Every_bad_line_of_a_keys_file_is_named_and_no_key_is_shown()
    {
        IReadOnlyList<string> errors = KeysFile.Parse(
            ["a read", "b root secret-secret-secret", "c read short", "d read secret-secret-secret", "d write secret-secret-secre2"]).Errors;
        Assert.Equal(["Line 1", "Line 2", "Line 3", "Line 5"], errors.Select(e => e[..6]));
        Assert.DoesNotContain(errors, e => e.Contains("secret") || e.Contains("short"));
        Assert.Single(KeysFile.Parse(["# nothing"]).Errors);
    }

    [Fact]
    public async Task A_keys_file_that_is_not_there_stops_the_start()
    {
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() =>
            FrontEndServer.StartAsync(keysFile: "/nowhere/keys"));
        Assert.Contains("/nowhere/keys", refused.Message);
    }

    private static async Task<string> AskAsync(FrontEndServer server, string method, string path, string? authorization)
    {
        Reply reply = authorization is null
            ? await server.SendAsync(method, path, method == "GET" ? null : "{}")
            : await server.SendAsync(
                method, path, method == "GET" ? null : "{}", headers: ("Authorization", authorization));
        return reply.Refusal;
    }
}
