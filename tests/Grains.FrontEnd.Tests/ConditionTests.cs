using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;

namespace Grains.FrontEnd.Tests;

/// <summary>RFC 9110, 13, for keys and states alike. <c>V</c> stands for the present version.</summary>
public sealed class ConditionTests
{
    private const string _key = "/v1/keyspaces/ks/keys/a";
    private const string _state = "/v1/services/words/nodes/n/state";

    /// <summary>Header lines; the answer to a GET; to a PUT; to a DELETE, of something that has version V.</summary>
    public static TheoryData<string, int, int, int> Lists => new()
    {
        { "If-None-Match: \"V\"", 304, 412, 412 },
        { "If-None-Match: W/\"V\"", 304, 412, 412 },
        { "If-None-Match: \"other\", \"V\"", 304, 412, 412 },
        { "If-None-Match: \"9007199254740990\", \"V\"", 304, 412, 412 },
        { "If-None-Match: \"V\", \"9007199254740990\"", 304, 412, 412 },
        { "If-None-Match: \"V\",", 304, 412, 412 },
        { "If-None-Match: ,, \t,\"V\" ,", 304, 412, 412 },
        { "If-None-Match: \"a,b\" , W/\"V\"", 304, 412, 412 },
        { "If-None-Match: \"x\"\r\nIf-None-Match: \"V\"", 304, 412, 412 },
        { "If-None-Match: *", 304, 412, 412 },
        { "If-None-Match: \"\"", 200, 200, 204 },
        { "If-None-Match: \"0V\"", 200, 200, 204 },
        { "If-None-Match: \"0\"", 200, 200, 204 },
        { "If-None-Match: \"+V\"", 200, 200, 204 },
        { "If-None-Match: \"V-gzip\"", 200, 200, 204 },
        { "If-None-Match: \"9007199254740992\"", 200, 200, 204 },
        { "If-None-Match: \"99999999999999999999999999\"", 200, 200, 204 },
        { "If-None-Match: W/\"x\", \"W/V\"", 200, 200, 204 },
        { "If-None-Match:", 200, 200, 204 },
        { "If-None-Match: ,", 200, 200, 204 },
        { "If-Match: \"V\"", 200, 200, 204 },
        { "If-Match: \"x\",, \"V\"", 200, 200, 204 },
        { "If-Match: \"9007199254740990\", \"V\"", 200, 200, 204 },
        { "If-Match: \"9007199254740990\", \"9007199254740989\"", 412, 412, 412 },
        { "If-Match: \"x\"\r\nIf-Match: \"V\"", 200, 200, 204 },
        { "If-Match: *", 200, 200, 204 },
        { "If-Match: W/\"V\"", 412, 412, 412 },
        { "If-Match: \"x\"", 412, 412, 412 },
        { "If-Match: \"\"", 412, 412, 412 },
        { "If-Match: \"0V\"", 412, 412, 412 },
        { "If-Match: \"V-gzip\", \"-V\"", 412, 412, 412 },
        { "If-Match:", 412, 412, 412 },
        { "If-Match: \"V\"\r\nIf-None-Match: \"V\"", 304, 412, 412 },
        { "If-Match: \"V\"\r\nIf-None-Match: \"x\"", 200, 200, 204 },
        { "If-Match: \"x\"\r\nIf-None-Match: \"V\"", 412, 412, 412 },
        { "If-Match: *\r\nIf-None-Match: \"V\"", 304, 412, 412 },
        { "If-Match: *\r\nIf-None-Match: \"x\"", 200, 200, 204 },
        { "If-Match: *\r\nIf-None-Match: *", 304, 412, 412 },
        { "If-Match: \"V\"\r\nIf-None-Match: *", 304, 412, 412 },
        { "If-Unmodified-Since: Sat, 01 Jan 2000 00:00:00 GMT", 200, 200, 204 },
        { "If-Modified-Since: Sat, 01 Jan 2050 00:00:00 GMT", 200, 200, 204 },
        { "If-Match: V", 400, 400, 400 },
        { "If-Match: \"V\" \"x\"", 400, 400, 400 },
        { "If-Match: \"V", 400, 400, 400 },
        { "If-Match: w/\"V\"", 400, 400, 400 },
        { "If-Match: W/ \"V\"", 400, 400, 400 },
        { "If-Match: \"a b\"", 400, 400, 400 },
        { "If-Match: *, \"V\"", 400, 400, 400 },
        { "If-Match: *\r\nIf-Match: *", 400, 400, 400 },
        { "If-None-Match: V", 400, 400, 400 },
        { "If-None-Match: \"V\";", 400, 400, 400 },
    };

    [Theory, MemberData(nameof(Lists))]
    public async Task A_condition_on_a_key_or_a_state_is_decided_as_RFC_9110_says(
        string lines, int get, int put, int delete)
    {
        await using FrontEndServer server = await StartAsync();
        foreach (string path in new[] { _key, _state })
        {
            await server.SendAsync("PUT", path, "one", "text/plain");
            string tag = (await server.SendAsync("GET", path)).Headers["ETag"];
            string headers = lines.Replace("V", tag.Trim('"')) + "\r\n";
            Reply read = await server.RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
            Reply head = await server.RawAsync(
                $"HEAD {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
            Reply deleted = await server.RawAsync($"DELETE {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n");
            Assert.Equal((path, get, get, delete), (path, read.Status, head.Status, deleted.Status));
            if (read.Status == 304)
            {
                Assert.Equal((tag, ""), (read.Headers["ETag"], read.Body));
            }

            await server.SendAsync("DELETE", path);
            await server.SendAsync("PUT", path, "two", "text/plain");
            headers = lines.Replace("V", (await server.SendAsync("GET", path)).Headers["ETag"].Trim('"')) + "\r\n";
            Reply written = await server.RawAsync(
                $"PUT {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: 1\r\n\r\nx");
            Assert.Equal((path, put), (path, written.Status));
        }
    }

    [Theory]
    [InlineData("If-Match: *", 404, 412, 404)]
    [InlineData("If-Match: \"1\"", 404, 412, 404)]
    [InlineData("If-Match: \"x\"", 404, 412, 404)]
    [InlineData("If-None-Match: *", 404, 201, 404)]
    [InlineData("If-None-Match: \"0\"", 404, 201, 404)]
    [InlineData("If-Match: *\r\nIf-None-Match: \"x\"", 404, 412, 404)]
    public async Task What_is_not_there_is_404_and_only_a_put_looks_at_the_condition(
        string lines, int get, int put, int delete)
    {
        await using FrontEndServer server = await StartAsync();
        foreach (string path in new[] { _key, _state })
        {
            Reply read = await server.RawAsync($"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n");
            Reply deleted = await server.RawAsync($"DELETE {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n\r\n");
            Reply written = await server.RawAsync(
                $"PUT {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\nContent-Length: 1\r\n\r\nx");
            Assert.Equal((path, get, delete, put), (path, read.Status, deleted.Status, written.Status));
        }
    }

    [Fact]
    public async Task A_list_has_at_most_32_tags_and_empty_elements_do_not_count()
    {
        await using FrontEndServer server = await StartAsync();
        await server.SendAsync("PUT", _key, "one", "text/plain");
        string Tags(int count) => string.Join(",, ", Enumerable.Range(1_000, count).Select(i => $"\"{i}\""));
        Assert.Equal(200, (await server.SendAsync("GET", _key, null, null, ("If-None-Match", Tags(32)))).Status);
        Assert.Equal(
            "400 bad-header", (await server.SendAsync("GET", _key, null, null, ("If-None-Match", Tags(33)))).Refusal);
    }

    [Theory]
    [InlineData("PUT", _key)]
    [InlineData("PUT", _state)]
    [InlineData("POST", "/v1/services/words/nodes/n/messages")]
    [InlineData("PUT", "/v1/services/words")]
    public async Task Content_that_is_a_part_or_in_a_coding_is_refused_and_changes_nothing(string method, string path)
    {
        await using FrontEndServer server = await StartAsync();
        int before = server.Partitions.Seen.Count;
        string head = $"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n";
        Assert.Equal(
            "400 bad-header", (await server.RawAsync($"{head}Content-Range: bytes 0-1/9\r\n\r\n{{}}")).Refusal);
        foreach (string coding in new[] { "gzip", "br", "identity, gzip", "\"identity\"", "x" })
        {
            Reply refused = await server.RawAsync($"{head}Content-Encoding: {coding}\r\n\r\n{{}}");
            Assert.Equal("415 unsupported-media-type", refused.Refusal);
            Assert.Equal("identity", refused.Headers["Accept-Encoding"]);
        }

        Assert.DoesNotContain(
            server.Partitions.Seen.Skip(before),
            s => s.Command is PutKey { Keyspace.Value: > 0 } or PutState or SendMessage);
    }

    [Fact]
    public async Task The_identity_coding_is_none()
    {
        await using FrontEndServer server = await StartAsync();
        Assert.Equal(201, (await server.RawAsync(
            $"PUT {_key} HTTP/1.1\r\nHost: localhost\r\nContent-Encoding: Identity\r\nContent-Length: 1\r\n\r\nx")).Status);
    }

    [Fact]
    public async Task A_range_is_passed_over_and_the_whole_is_given()
    {
        await using FrontEndServer server = await StartAsync();
        await server.SendAsync("PUT", _key, "whole", "text/plain");
        Reply read = await server.SendAsync("GET", _key, null, null, ("Range", "bytes=0-1"));
        Assert.Equal((200, "whole"), (read.Status, read.Body));
    }

    /// <summary>With keys in dictionaries as ever, and the state of one node.</summary>
    private static async Task<FrontEndServer> StartAsync()
    {
        FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        long last = 0;
        NodeView? node = null;
        server.Partitions.Script = (_, command, _) => command switch
        {
            GetNode => Task.FromResult<Answer>(
                node is null ? new Refused(Refusal.NotFound, "No such node.") : new NodeFound(node)),
            PutState put => Task.FromResult(Put(put)),
            _ => null,
        };
        return server;

        Answer Put(PutState put)
        {
            Revision current = node?.StateVersion ?? Revision.None;
            if (!put.Condition.Holds(current))
            {
                return new Refused(Refusal.VersionMismatch, "The version is another one.") { Current = current };
            }

            if (put.State.Value is null && node is null)
            {
                return new Refused(Refusal.NotFound, "There is no state.");
            }

            last++;
            bool created = node is null;
            node = put.State.Value is null ? null : new NodeView
            {
                Node = put.Node,
                StateVersion = new Revision(last),
                State = put.State.Value,
                StateBytes = put.State.Value.Length,
            };
            return new StateWritten(new Revision(last), created);
        }
    }
}
