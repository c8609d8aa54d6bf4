using System.Text;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;

namespace Grains.FrontEnd.Tests;

public sealed class KeyRoutesTests
{
    [Fact]
    public async Task A_put_creates_then_replaces_and_a_get_gives_back_bytes_type_and_version()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply created = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "one", "text/plain");
        Reply replaced = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "two", "text/plain");
        Reply read = await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a");

        Assert.Equal((201, 200, 200), (created.Status, replaced.Status, read.Status));
        Assert.Equal(("two", "text/plain"), (read.Body, read.Headers["Content-Type"]));
        Assert.Equal(replaced.Headers["ETag"], read.Headers["ETag"]);
        Assert.Matches("^\"[0-9]+\"$", read.Headers["ETag"]);
        Assert.Equal(replaced.Headers["Grains-Position"], read.Headers["Grains-Position"]);
        Assert.Equal("nosniff", read.Headers["X-Content-Type-Options"]);
    }

    [Theory]
    [InlineData("n", "n")]
    [InlineData("user:1", "user:1")]
    [InlineData("a/b", "a/b")]
    public async Task An_increment_adds_to_the_integer_of_a_key_and_says_the_sum(string path, string key)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string url = $"/v1/keyspaces/ks/keys/{path}:increment";
        Assert.Equal(1, (await server.SendAsync("POST", url)).Json.GetProperty("value").GetInt64());
        Reply sum = await server.SendAsync("POST", url, "{\"by\": -43}");
        Reply read = await server.SendAsync("GET", $"/v1/keyspaces/ks/keys/{key}");
        string version = read.Headers["ETag"];
        Assert.Equal((200, $"{{\"value\":-42,\"version\":{version.Trim('"')}}}"), (sum.Status, sum.Body));
        Assert.Equal(version, sum.Headers["ETag"]);
        Assert.True(sum.Headers.ContainsKey("Grains-Position"));
        Assert.Equal("-42", read.Body);
    }

    [Fact]
    public async Task An_increment_gives_the_key_a_time_to_live_if_asked_to_and_else_none()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        const string url = "/v1/keyspaces/ks/keys/n:increment";
        await server.SendAsync("POST", url, "{\"by\":1,\"ttl\":\"90s\"}");
        Assert.Equal(90_000, ((AddInteger)server.Partitions.Last<ChangeKey>().Action).TtlMs);
        await server.SendAsync("POST", url);
        Assert.Equal(0, ((AddInteger)server.Partitions.Last<ChangeKey>().Action).TtlMs);
        Assert.Equal("400 bad-field", (await server.SendAsync("POST", url, "{\"ttl\":\"0s\"}")).Refusal);
    }

    [Fact]
    public async Task An_increment_of_what_is_no_integer_is_refused()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "one", "text/plain");
        Reply refused = await server.SendAsync("POST", "/v1/keyspaces/ks/keys/a:increment");
        Assert.Equal(409, refused.Status);
        Assert.Contains("not-a-number", refused.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_value_is_stored_and_a_chunked_body_is_read_whole()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/empty")).Status);
        Assert.Equal("", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/empty")).Body);

        Reply chunked = await server.RawAsync(
            "PUT /v1/keyspaces/ks/keys/c HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: "
            + "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n");
        Assert.Equal(201, chunked.Status);
        Assert.Equal("abcde", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/c")).Body);
    }

    [Fact]
    public async Task Conditions_reach_the_partition_and_a_mismatch_names_the_current_version()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply first = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "1", null, ("If-None-Match", "*"));
        Reply again = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "2", null, ("If-None-Match", "*"));
        Reply stale = await server.SendAsync(
            "PUT", "/v1/keyspaces/ks/keys/a", "2", null, ("If-Match", "\"999\", \"998\""));
        Reply right = await server.SendAsync(
            "PUT", "/v1/keyspaces/ks/keys/a", "2", null, ("If-Match", first.Headers["ETag"]));
        Reply none = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/new", "2", null, ("If-Match", "*"));

        Assert.Equal((201, 200), (first.Status, right.Status));
        Assert.Equal("412 version-mismatch", again.Refusal);
        Assert.Equal("412 version-mismatch", stale.Refusal);
        Assert.Equal(first.Headers["ETag"], $"\"{stale.Json.GetProperty("current").GetInt64()}\"");
        Assert.Equal("none", stale.Json.GetProperty("outcome").GetString());
        Assert.Equal("412 version-mismatch", none.Refusal);
        Assert.Equal(0, none.Json.GetProperty("current").GetInt64());
    }

    [Fact]
    public async Task A_get_with_the_version_it_has_is_answered_304_and_a_head_has_no_body()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply put = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "value", "text/plain");
        Reply known = await server.SendAsync(
            "GET", "/v1/keyspaces/ks/keys/a", null, null, ("If-None-Match", put.Headers["ETag"]));
        Reply head = await server.SendAsync("HEAD", "/v1/keyspaces/ks/keys/a");
        Reply missing = await server.SendAsync("HEAD", "/v1/keyspaces/ks/keys/b");

        Assert.Equal((304, ""), (known.Status, known.Body));
        Assert.Equal((200, "", "5"), (head.Status, head.Body, head.Headers["Content-Length"]));
        Assert.Equal((404, ""), (missing.Status, missing.Body));
    }

    [Fact]
    public async Task A_delete_is_204_then_404()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "1");
        Assert.Equal(204, (await server.SendAsync("DELETE", "/v1/keyspaces/ks/keys/a")).Status);
        Assert.Equal("404 key-not-found", (await server.SendAsync("DELETE", "/v1/keyspaces/ks/keys/a")).Refusal);
        Assert.Equal("404 key-not-found", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a")).Refusal);
    }

    [Fact]
    public async Task A_ttl_is_a_duration_and_its_end_is_a_header()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a?ttl=10s", "1")).Status);
        Assert.Equal(10_000, server.Partitions.Last<PutKey>().TtlMs);
        Reply read = await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a");
        Assert.Equal("2026-01-01T00:00:10.000Z", read.Headers["Grains-Expires-At"]);
    }

    [Theory]
    [InlineData("a/b//c", "a/b//c")]
    [InlineData("a%2Fb", "a/b")]
    [InlineData("{tag}/x", "{tag}/x")]
    [InlineData("%7Btag%7d/x", "{tag}/x")]
    [InlineData("%25", "%")]
    [InlineData("a+b%20c", "a+b c")]
    [InlineData("gr%C3%BC%C3%9Fe", "grüße")]
    [InlineData("...", "...")]
    [InlineData("a:commit", "a:commit")]
    [InlineData("end/", "end/")]
    public async Task A_key_is_the_rest_of_the_raw_path_decoded_once(string raw, string key)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Reply put = await server.RawAsync(
            $"PUT /v1/keyspaces/ks/keys/{raw} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\r\nx");
        Assert.Equal(201, put.Status);
        Assert.Equal(new Utf8Name(key), server.Partitions.Last<PutKey>().Key);
    }

    [Fact]
    public async Task A_spread_keyspace_is_listed_in_bytewise_order_over_all_partitions_page_by_page()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string[] expected = [.. Enumerable.Range(0, 230).Select(i => $"k/{i:d3}")];
        foreach (string key in expected.Reverse())
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{key}", key, "text/plain");
        }

        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/other", "x");
        Assert.True(
            server.Partitions.Seen.Where(s => s.Command is PutKey).Select(s => s.Partition).Distinct().Count() > 1);

        var all = new List<string>();
        string? after = null;
        int pages = 0;
        do
        {
            Reply page = await server.SendAsync("GET",
                $"/v1/keyspaces/ks/keys?prefix=k%2F&limit=37&values=true{(after is null ? "" : "&after=" + Uri.EscapeDataString(after))}");
            all.AddRange(page.Json.GetProperty("keys").EnumerateArray().Select(k => k.GetProperty("key").GetString()!));
            Assert.Equal(
                all[^1],
                Encoding.UTF8.GetString(
                    page.Json.GetProperty("keys").EnumerateArray().Last().GetProperty("value").GetBytesFromBase64()));
            after = page.Json.TryGetProperty("next", out var next) ? next.GetString() : null;
            pages++;
        }
        while (after is not null);

        Assert.Equal(expected, all);
        Assert.Equal(7, pages);
    }

    [Fact]
    public async Task Keys_of_one_partition_fill_a_whole_page_though_pieces_are_small()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync(partitionCount: 64);
        await server.SendAsync("PUT", "/v1/keyspaces/ks", """{"layout":"spread"}""");
        for (int i = 0; i < 60; i++)
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{{t}}{i:d2}", "x");
        }

        Reply page = await server.SendAsync("GET", "/v1/keyspaces/ks/keys?limit=50");
        Assert.Equal(50, page.Json.GetProperty("keys").GetArrayLength());
        Assert.Equal("{t}49", page.Json.GetProperty("next").GetString());
        Assert.False(page.Json.GetProperty("keys")[0].TryGetProperty("value", out _));
    }

    [Fact]
    public async Task An_ordered_keyspace_lives_in_one_partition()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync("ordered");
        for (int i = 0; i < 8; i++)
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/{i}", "x");
        }

        KeyspaceId id = server.Partitions.Last<PutKey>().Keyspace;
        Assert.Single(
            server.Partitions.Seen.Where(s => s.Command is PutKey put && put.Keyspace == id).Select(s => s.Partition)
                .Distinct());
        Assert.Equal(
            8, (await server.SendAsync("GET", "/v1/keyspaces/ks/keys")).Json.GetProperty("keys").GetArrayLength());
    }

    [Theory]
    [InlineData("?limit=0")]
    [InlineData("?limit=1001")]
    [InlineData("?limit=-1")]
    [InlineData("?limit=99999999999999999999")]
    [InlineData("?limit=1&limit=2")]
    [InlineData("?values=yes")]
    [InlineData("?prefix=%ff")]
    [InlineData("?unknown=1")]
    public async Task A_list_with_an_unusable_parameter_is_refused_with_bad_parameter(string query)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal("400 bad-parameter", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys" + query)).Refusal);
    }

    [Theory]
    [InlineData("?ttl=10")]
    [InlineData("?ttl=-1s")]
    [InlineData("?ttl=0s")]
    [InlineData("?ttl=999999999999d")]
    [InlineData("?ttl=99999999999999999999999s")]
    [InlineData("?ttl=1.5s")]
    public async Task A_put_with_an_unusable_ttl_is_refused_with_bad_parameter(string query)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(
            "400 bad-parameter", (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a" + query, "x")).Refusal);
    }

    [Fact]
    public async Task A_keyspace_that_a_partition_says_is_deleted_is_looked_up_again()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        bool deleted = true;
        server.Partitions.Script = (_, command, _) => command is PutKey { Keyspace.Value: > 0 } && deleted
            ? Task.FromResult<Answer>(new Refused(Refusal.KeyspaceDeleted, "Deleted."))
            : null;
        Assert.Equal("404 keyspace-not-found", (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "x")).Refusal);
        int reads = server.Partitions.Seen.Count(s => s.Command is GetKey);
        deleted = false;
        Assert.Equal(201, (await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "x")).Status);
        Assert.Equal(reads + 1, server.Partitions.Seen.Count(s => s.Command is GetKey));
    }
}
