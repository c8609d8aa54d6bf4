using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Grains.Api;
using Grains.FrontEnd.Tests.World;
using Grains.Silo.Budgets;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Microsoft.Extensions.DependencyInjection;

namespace Grains.FrontEnd.Tests;

public sealed class KeyBatchTests
{
    private const string _url = "/v1/keyspaces/ks/keys:batch";
    private const string _lines = "application/x-ndjson";

    [Fact]
    public async Task Each_line_is_answered_as_its_own_route_would_answer_it()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync("ordered");
        Reply reply = await server.SendAsync("POST", _url, """
            {"op":"put","key":"a","text":"one","contentType":"text/plain","ttl":"60s"}
            {"op":"put","key":"b","body":"AAE="}
            {"op":"get","key":"none"}
            {"op":"increment","key":"n","by":5}
            {"op":"delete","key":"none"}
            """, _lines);
        Assert.Equal((200, _lines), (reply.Status, reply.Headers["Content-Type"]));
        JsonElement[] outcomes = Outcomes(reply);
        Assert.Equal([1, 2, 3, 4, 5], outcomes.Select(o => o.GetProperty("line").GetInt32()));
        Assert.Equal([201, 201, 404, 200, 404], Statuses(outcomes));
        Assert.Equal("key-not-found", Code(outcomes[2]));
        Assert.Equal("none", outcomes[4].GetProperty("problem").GetProperty("outcome").GetString());
        Assert.Equal(5, outcomes[3].GetProperty("value").GetInt64());

        Reply again = await server.SendAsync("POST", _url, """
            {"op":"get","key":"a"}
            {"op":"get","key":"b"}
            {"op":"delete","key":"b"}
            {"op":"increment","key":"a"}
            """, _lines);
        outcomes = Outcomes(again);
        Assert.Equal([200, 200, 204, 409], Statuses(outcomes));
        Assert.Equal("one"u8.ToArray(), outcomes[0].GetProperty("body").GetBytesFromBase64());
        Assert.Equal("text/plain", outcomes[0].GetProperty("contentType").GetString());
        Assert.EndsWith("Z", outcomes[0].GetProperty("expiresAt").GetString(), StringComparison.Ordinal);
        Assert.Equal(new byte[] { 0, 1 }, outcomes[1].GetProperty("body").GetBytesFromBase64());
        Assert.False(outcomes[2].TryGetProperty("version", out _));
        Assert.Equal("not-a-number", Code(outcomes[3]));
        Assert.All(outcomes[..3], o => Assert.True(o.TryGetProperty("position", out _)));
    }

    [Fact]
    public async Task Conditions_of_a_line_are_those_of_its_route()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync("ordered");
        Reply put = await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/a", "1");
        string version = put.Headers["ETag"].Trim('"');
        JsonElement[] outcomes = Outcomes(await server.SendAsync("POST", _url, $$"""
            {"op":"get","key":"a","ifNoneMatch":[{{version}}]}
            {"op":"get","key":"a","ifMatch":[999]}
            {"op":"put","key":"a","text":"2","ifAbsent":true}
            {"op":"put","key":"new","text":"2","ifExists":true}
            {"op":"delete","key":"none","ifMatch":[{{version}}]}
            {"op":"put","key":"a","text":"2","ifMatch":[998,{{version}}]}
            """, _lines));
        Assert.Equal([304, 412, 412, 412, 404, 200], Statuses(outcomes));
        Assert.Equal(version, $"{outcomes[0].GetProperty("version")}");
        Assert.False(outcomes[0].TryGetProperty("body", out _));
        Assert.Equal(version, $"{outcomes[1].GetProperty("problem").GetProperty("current")}");
        Assert.Equal("2", (await server.SendAsync("GET", "/v1/keyspaces/ks/keys/a")).Body);
    }

    [Theory]
    [InlineData("{\"op\":\"put\",\"key\":\"a\"", 400, "bad-json")]
    [InlineData("[]", 400, "bad-json")]
    [InlineData("null", 400, "bad-json")]
    [InlineData("\0", 400, "bad-json")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"x\":1}", 400, "bad-json")]
    [InlineData("{}", 400, "bad-name")]
    [InlineData("{\"op\":\"PUT\",\"key\":\"a\",\"text\":\"\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"body\":\"\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"ttl\":\"0s\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"by\":1}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"ifMatch\":[0]}", 400, "bad-field")]
    [InlineData("{\"op\":\"put\",\"key\":\"a\",\"text\":\"\",\"ifMatch\":[1],\"ifExists\":true}", 400, "bad-field")]
    [InlineData("{\"op\":\"get\",\"key\":\"a\",\"text\":\"\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"delete\",\"key\":\"a\",\"ttl\":\"1s\"}", 400, "bad-field")]
    [InlineData("{\"op\":\"increment\",\"key\":\"a\",\"ifAbsent\":false}", 400, "bad-field")]
    [InlineData("{\"op\":\"get\",\"key\":\"a/../b\"}", 400, "bad-name")]
    public async Task A_line_that_cannot_be_read_is_refused_alone(string line, int status, string code)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        JsonElement[] outcomes = Outcomes(await server.SendAsync(
            "POST", _url, $"{Put("before")}\r\n\n{line}\n{Put("after")}", _lines));
        Assert.Equal([1, 3, 4], outcomes.Select(o => o.GetProperty("line").GetInt32()));
        Assert.Equal([201, status, 201], Statuses(outcomes));
        Assert.Equal(code, Code(outcomes[1]));
        Assert.Equal("none", outcomes[1].GetProperty("problem").GetProperty("outcome").GetString());
        if (code == "bad-json" && line != "null")
        {
            Assert.Contains("line 3", $"{outcomes[1].GetProperty("problem").GetProperty("detail")}", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Lines_for_one_key_take_effect_in_their_order_and_each_after_the_one_before_was_answered()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        var first = new TaskCompletionSource<Answer>();
        server.Partitions.Script = (_, command, _) => command is PutKey { Value: [(byte)'1'] } ? first.Task : null;
        Task<Reply> batch = server.SendAsync("POST", _url, """
            {"op":"put","key":"a","text":"1"}
            {"op":"put","key":"a","text":"2"}
            {"op":"put","key":"b","text":"3"}
            {"op":"get","key":"a"}
            """, _lines);
        while (!server.Partitions.Seen.Any(s => s.Command is PutKey { Value: [(byte)'3'] }))
        {
            await Task.Yield();
        }

        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Value: [(byte)'2'] });
        first.SetResult(new KeyWritten(new Revision(7), Created: true));
        JsonElement[] outcomes = Outcomes(await batch);
        Assert.Equal([201, 201, 201, 200], Statuses(outcomes));
        Assert.Equal("2"u8.ToArray(), outcomes[3].GetProperty("body").GetBytesFromBase64());
    }

    [Fact]
    public async Task What_is_not_known_of_a_line_is_said_of_it_and_the_others_are_answered()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (partition, command, _) => command switch
        {
            PutKey { Value: [(byte)'u'] } => Task.FromException<Answer>(
                new PartitionUnavailableException(partition, outcomeKnown: false, "It moves.")),
            PutKey { Value: [(byte)'f'] } => Task.FromResult<Answer>(
                new Refused(Refusal.Overloaded, "Full.") { RetryAfterMs = 100 }),
            _ => null,
        };
        JsonElement[] outcomes = Outcomes(await server.SendAsync("POST", _url, """
            {"op":"put","key":"a","text":"u"}
            {"op":"put","key":"b","text":"f"}
            {"op":"put","key":"c","text":"x"}
            """, _lines));
        Assert.Equal([503, 429, 201], Statuses(outcomes));
        Assert.Equal("unknown", $"{outcomes[0].GetProperty("problem").GetProperty("outcome")}");
        Assert.Equal(("1s", "100ms"), ($"{outcomes[0].GetProperty("retryAfter")}", $"{outcomes[1].GetProperty("retryAfter")}"));
    }

    [Fact]
    public async Task Who_may_only_read_is_refused_the_lines_that_change_something()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "r read reader-key-0123456789\na admin admin-key-0123456789\n");
        await using FrontEndServer server = await FrontEndServer.StartAsync(keysFile: file);
        await server.SendAsync(
            "PUT", "/v1/keyspaces/ks", "{\"layout\":\"spread\"}", "application/json",
            ("Authorization", "Bearer admin-key-0123456789"));
        JsonElement[] outcomes = Outcomes(await server.SendAsync("POST", _url, """
            {"op":"put","key":"a","text":"1"}
            {"op":"get","key":"a"}
            {"op":"increment","key":"a"}
            {"op":"delete","key":"a"}
            """, _lines, ("Authorization", "Bearer reader-key-0123456789")));
        File.Delete(file);
        Assert.Equal([403, 404, 403, 403], Statuses(outcomes));
        Assert.Equal("forbidden", Code(outcomes[0]));
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is DeleteKey or ChangeKey);
    }

    [Fact]
    public async Task A_line_counts_against_the_rate_of_its_caller_as_a_request_does()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync(configure: o => o.RequestsPerSecondMax = 5);
        await server.SendAsync("PUT", "/v1/keyspaces/ks", "{\"layout\":\"spread\"}");
        string body = string.Join('\n', Enumerable.Range(0, 50).Select(i => Put($"k{i}")));
        int[] statuses = Statuses(Outcomes(await server.SendAsync("POST", _url, body, _lines)));
        Assert.Equal(50, statuses.Length);
        Assert.InRange(statuses.Count(s => s == 201), 1, 10);
        Assert.All(statuses.Where(s => s != 201), s => Assert.Equal(429, s));
    }

    [Fact]
    public async Task A_batch_of_too_many_lines_is_refused_whole()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string most = string.Concat(Enumerable.Range(0, Limits.BatchLines).Select(i => Put($"k{i}") + "\n"));
        Assert.Equal("413 too-large", (await server.SendAsync("POST", _url, most + Put("one"), _lines)).Refusal);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey { Key.Length: <= 4 });
        Assert.Equal(
            Limits.BatchLines, Outcomes(await server.SendAsync("POST", _url, most, _lines)).Length);
        Assert.Equal((200, ""), Plain(await server.SendAsync("POST", _url, "\r\n \n", _lines)));
        Assert.Equal((200, ""), Plain(await server.SendAsync("POST", _url, "", null)));
    }

    [Fact]
    public async Task A_line_over_its_limit_is_refused_alone()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string value = new('x', Limits.ContentBytes);
        string longest = Put("d").PadRight(Limits.BatchLineBytes);
        JsonElement[] outcomes = Outcomes(await server.SendAsync(
            "POST", _url, $"{Put("a", value)}\n{Put("b", value + "x")}\n{longest} \n{longest}", _lines));
        Assert.Equal([201, 413, 413, 201], Statuses(outcomes));
        Assert.Equal(Limits.ContentBytes, outcomes[1].GetProperty("problem").GetProperty("limit").GetInt32());
        Assert.Equal(Limits.BatchLineBytes, outcomes[2].GetProperty("problem").GetProperty("limit").GetInt32());
    }

    [Fact]
    public async Task Long_values_come_whole_and_more_reads_than_are_done_at_once_in_order()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        string value = string.Concat(Enumerable.Range(0, 20_000).Select(i => $"{i},"));
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/long", value);
        string body = string.Join('\n', Enumerable.Range(0, 150).Select(i => i % 10 == 0
            ? "{\"op\":\"get\",\"key\":\"long\"}"
            : $"{{\"op\":\"get\",\"key\":\"none{i}\"}}"));
        JsonElement[] outcomes = Outcomes(await server.SendAsync("POST", _url, body, _lines));
        Assert.Equal(Enumerable.Range(1, 150), outcomes.Select(o => o.GetProperty("line").GetInt32()));
        Assert.All(outcomes.Where(o => o.GetProperty("line").GetInt32() % 10 == 1), o => Assert.Equal(
            value, Encoding.UTF8.GetString(o.GetProperty("body").GetBytesFromBase64())));
        Assert.Equal(135, Statuses(outcomes).Count(s => s == 404));
    }

    /// <remarks>Each of the first lines brings a value that no buffer on the way holds.</remarks>
    [Fact]
    public async Task A_reader_who_takes_nothing_holds_back_the_lines_that_follow()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        for (int i = 0; i < 64; i++)
        {
            await server.SendAsync("PUT", $"/v1/keyspaces/ks/keys/k{i}", new string('x', Limits.ContentBytes));
        }

        string body = string.Join(
            '\n', Enumerable.Range(0, 64).Select(i => $"{{\"op\":\"get\",\"key\":\"k{i}\"}}").Append(Put("last")));
        using Socket socket = await server.ConnectAsync();
        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {_url} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        await socket.ReceiveAsync(new byte[1]);
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is PutKey put && put.Key == new Utf8Name("last"));
    }

    /// <remarks>Of 16 MiB answers have an eighth, and long ones three quarters of that.</remarks>
    [Fact]
    public async Task Values_that_there_is_no_memory_for_are_refused_line_by_line()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync(
            addServices: s => s.AddSingleton(_ => new ServerMemory(new MemoryShares(16 << 20))));
        await server.SendAsync("PUT", "/v1/keyspaces/ks", "{\"layout\":\"spread\"}");
        await server.SendAsync("PUT", "/v1/keyspaces/ks/keys/k", new string('x', 900_000));
        const string get = "{\"op\":\"get\",\"key\":\"k\"}\n";
        JsonElement[] outcomes = Outcomes(await server.SendAsync("POST", _url, get + Put("a") + "\n" + get, _lines));
        Assert.Equal([200, 201, 429], Statuses(outcomes));
        Assert.Equal("overloaded", Code(outcomes[2]));
        Assert.Equal(0, server.Services.GetRequiredService<ServerMemory>().Answers.Taken);
    }

    [Fact]
    public async Task A_keyspace_that_is_not_there_and_a_body_of_another_kind_are_refused_before_anything()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        Assert.Equal(
            "404 keyspace-not-found",
            (await server.SendAsync("POST", "/v1/keyspaces/none/keys:batch", Put("a"), _lines)).Refusal);
        Assert.Equal(
            "415 unsupported-media-type", (await server.SendAsync("POST", _url, Put("a"), "text/plain")).Refusal);
        Assert.Equal(200, (await server.SendAsync("POST", _url, Put("a"), "application/jsonl; charset=utf-8")).Status);
    }

    private static string Put(string key, string text = "x") =>
        $"{{\"op\":\"put\",\"key\":\"{key}\",\"text\":\"{text}\"}}";

    private static JsonElement[] Outcomes(Reply reply)
    {
        Assert.Equal(200, reply.Status);
        Assert.EndsWith("\n", reply.Body, StringComparison.Ordinal);
        return [.. reply.Body.Split('\n')[..^1].Select(l => JsonDocument.Parse(l).RootElement)];
    }

    private static int[] Statuses(JsonElement[] outcomes) =>
        [.. outcomes.Select(o => o.GetProperty("status").GetInt32())];

    private static string? Code(JsonElement outcome) => outcome.GetProperty("problem").GetProperty("code").GetString();

    private static (int, string) Plain(Reply reply) => (reply.Status, reply.Body);
}
