using Grains.Operations.Deliveries;
using System.Reflection;
using Grains.Api;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Timers;

namespace Grains.FrontEnd.Tests;

/// <summary>
/// Every limit of the API's page, written down here a second time: the value itself passes, the next one does not.
/// </summary>
public sealed class LimitTests
{
    private const string _key = "/v1/keyspaces/ks/keys/a";
    private const string _node = "/v1/services/words/nodes/n";
    private const string _commit = "/v1/deliveries/D:commit";

    /// <summary>Asked for by another test, or no bound of what a request may hold.</summary>
    private static readonly Dictionary<string, long> _elsewhere = new()
    {
        ["PageEntriesDefault"] = 100,
        ["PageBytes"] = 4_194_304,
        ["WaitingRequests"] = 8_192,
        ["EntityTags"] = 32,
        ["BatchLineBytes"] = 1_572_864,
        ["BatchMs"] = 30_000,
    };

    private static readonly Case[] _cases =
    [
        new("ContentBytes", 1_048_576, "413 too-large", n => Put(_key, n)),
        new("ContentBytes", 1_048_576, "413 too-large", n => Put(_node + "/state", n)),
        new("ContentBytes", 1_048_576, "413 too-large", n => new("POST", _node + "/messages", Xs(n))),
        new("ContentBytes", 1_048_576, "413 too-large", n => Json(_commit, $$$"""{"state":{"text":"{{{Xs(n)}}}"}}""")),
        new("ContentBytes", 1_048_576, "413 too-large", n => Json(_commit, $$"""{"sends":[{"node":"m","text":"{{Xs(n)}}"}]}""")),
        new("ContentBytes", 1_048_576, "413 too-large", n => Json(_commit, $$"""{"replies":[{"text":"{{Xs(n)}}"}]}""")),
        new("CommitBytes", 4_194_304, "413 too-large", n => Json(_commit, Sends(n - 128))),
        new("CommitJsonBytes", 6_291_456, "413 too-large", n => Json(_commit, "{}" + Blanks(n - 2))),
        new("BatchLines", 1_000, "413 too-large", n => Batch(string.Concat(Enumerable.Repeat("{}\n", (int)n)))),
        new("BatchBytes", 6_291_456, "413 too-large", n => Batch(Blanks(n))),
        new("JsonBytes", 65_536, "413 too-large", n => Json(_node + "/receive", "{}" + Blanks(n - 2))),
        new("CommitSends", 1_000, "413 too-large", n => Json(_commit, $$"""{"sends":[{{Many(n, """{"node":"m"}""")}}]}""")),
        new("CommitKeys", 1_000, "413 too-large", n => Json(_commit, $$"""{"keys":[{{Many(n, """{"keyspace":"ordered","key":"k","text":""}""")}}]}""")),
        new("CommitTimers", 100, "413 too-large", n => Json(_commit, $$"""{"timers":[{{Many(n, """{"name":"t","delay":"1s"}""")}}]}""")),
        new("DeliveryMessages", 1_000, "413 too-large", n => Json(_commit, $$"""{"replies":[{{Many(n, "{}")}}]}""")),
        new("DeliveryMessages", 1_000, "413 too-large", n => Json(_commit, $$"""{"ack":[{{Many(n, $"\"{_message}\"")}}]}""")),
        new("DeliveryMessages", 1_000, "400 bad-field", n => Json(_node + "/receive", $$"""{"max":{{n}}}""")),
        new("TimerNameChars", 64, "400 bad-name", n => Json($"{_node}/timers/{Xs(n)}", """{"delay":"1s"}""", "PUT")),
        new("TimerNameChars", 64, "400 bad-name", n => Json(_commit, $$"""{"timers":[{"name":"{{Xs(n)}}","delay":"1s"}]}""")),
        new("CronChars", 128, "400 bad-field", n => Timer($$"""{"cron":"0 0 * * *{{Blanks(n - 9)}}"}""")),
        new("TimerBytes", 32_768, "413 too-large", n => Timer($$"""{"delay":"1s","text":"{{Xs(n)}}"}""")),
        new("TimerJsonBytes", 131_072, "413 too-large", n => Timer("""{"delay":"1s"}""" + Blanks(n - 14))),
        new("MailboxHops", 1_000_000_000, "400 bad-field", n => Service($$$"""{"mailbox":{"maxHops":{{{n}}}}}""")),
        new("MailboxMessages", 1_000_000, "400 bad-field", n => Service($$$"""{"mailbox":{"limit":{{{n}}}}}""")),
        new("Attempts", 1_000, "400 bad-field", n => Service($$$"""{"retry":{"attempts":{{{n}}}}}""")),
        new("KeyBytes", 1_024, "400 bad-name", n => new("PUT", "/v1/keyspaces/ks/keys/" + Xs(n), "x")),
        new("KeyBytes", 1_024, "400 bad-parameter", n => new("GET", "/v1/keyspaces/ks/keys?prefix=" + Xs(n))),
        new("KeyBytes", 1_024, "400 bad-name", n => Json(_commit, $$"""{"keys":[{"keyspace":"ordered","key":"{{Xs(n)}}","text":""}]}""")),
        new("NodeBytes", 512, "400 bad-name", n => new("POST", $"/v1/services/words/nodes/{Xs(n)}/messages", "x")),
        new("NodeBytes", 512, "400 bad-name", n => Json(_commit, $$"""{"sends":[{"node":"{{Xs(n)}}"}]}""")),
        new("NameChars", 63, "400 bad-name", n => Json("/v1/services/" + Xs(n), "{}", "PUT")),
        new("NameChars", 63, "400 bad-name", n => Json("/v1/keyspaces/" + Xs(n), """{"layout":"spread"}""", "PUT")),
        new("IdempotencyKeyChars", 255, "400 bad-header", n => Message("Idempotency-Key", Xs(n))),
        new("MessageTypeChars", 255, "400 bad-header", n => Message("Grains-Type", Xs(n))),
        new("MessageTypeChars", 255, "400 bad-field", n => Json(_commit, $$"""{"sends":[{"node":"m","type":"{{Xs(n)}}"}]}""")),
        new("MessageTypeChars", 255, "400 bad-field", n => Json(_commit, $$"""{"replies":[{"type":"{{Xs(n)}}"}]}""")),
        new("MessageTypeChars", 255, "400 bad-field", n => Timer($$"""{"delay":"1s","type":"{{Xs(n)}}"}""")),
        new("ContentTypeChars", 255, "400 bad-header", n => Message("Content-Type", Xs(n))),
        new("ContentTypeChars", 255, "400 bad-header", n => new("PUT", _key, "x", ("Content-Type", Xs(n)))),
        new("ContentTypeChars", 255, "400 bad-field", n => Json(_commit, $$$"""{"state":{"text":"","contentType":"{{{Xs(n)}}}"}}""")),
        new("ContentTypeChars", 255, "400 bad-field", n => Timer($$"""{"delay":"1s","contentType":"{{Xs(n)}}"}""")),
        new("ReasonChars", 1_024, "400 bad-field", n => Json("/v1/deliveries/D:reject", $$"""{"reason":"{{Xs(n)}}"}""")),
        new(
            "MessageHeaders", 32, "400 bad-header",
            n => Message(Enumerable.Range(0, (int)n).Select(i => ($"ce-{i}", "x")))),
        new("MessageHeaders", 32, "400 bad-field", n => Json(_commit, $$$"""{"sends":[{"node":"m","headers":{ {{{Headers(n)}}} }}]}""")),
        new("MessageHeaderBytes", 8_192, "400 bad-header", n => Message("ce-a", Xs(n - 4))),
        new("MessageHeaderBytes", 8_192, "400 bad-field", n => Json(_commit, $$$"""{"replies":[{"headers":{"ce-a":"{{{Xs(n - 4)}}}"}}]}""")),
        new("PageEntries", 1_000, "400 bad-parameter", n => new("GET", $"/v1/keyspaces/ks/keys?limit={n}")),
        new("PageEntries", 1_000, "400 bad-parameter", n => new("GET", $"{_node}/mailbox?limit={n}")),
        new("HandlerUrls", 16, "400 bad-field", n => Push($"[{Many(n, "\"http://127.0.0.1/\"")}]", "")),
        new("HandlerUrlChars", 2_048, "400 bad-field", n => Push($"[\"http://127.0.0.1/{Xs(n - 17)}\"]", "")),
        new("HandlerInFlight", 1_024, "400 bad-field", n => Push("[\"http://127.0.0.1/\"]", $",\"inFlight\":{n}")),
        new(
            "HandlerMsMax", 3_600_000, "400 bad-field",
            n => Push("[\"http://127.0.0.1/\"]", $",\"timeout\":\"{n}ms\"")),
        new(
            "HandlerMsMin", 100, "400 bad-field",
            n => Push("[\"http://127.0.0.1/\"]", $",\"timeout\":\"{n}ms\"")) { IsLower = true },
        new("LeaseMsMax", 43_200_000, "400 bad-field", n => Json(_node + "/receive", $$"""{"lease":"{{n}}ms"}""")),
        new("LeaseMsMin", 100, "400 bad-field", n => Json(_node + "/receive", $$"""{"lease":"{{n}}ms"}""")) { IsLower = true },
        new("LeaseMsMax", 43_200_000, "400 bad-field", n => Json("/v1/deliveries/D:renew", $$"""{"lease":"{{n}}ms"}""")),
        new("LeaseMsMin", 100, "400 bad-field", n => Service($$"""{"lease":"{{n}}ms"}""")) { IsLower = true },
        new("WaitMs", 60_000, "400 bad-field", n => Json(_node + "/receive", $$"""{"wait":"{{n}}ms"}""")),
        new("WaitMs", 60_000, "400 bad-field", n => Json("/v1/services/none/receive", $$"""{"wait":"{{n}}ms"}""")) { Passes = "404 service-not-found" },
        new(
            "WaitMs", 60_000, "400 bad-parameter",
            n => new("GET", $"/v1/services/none/messages/{_message}/reply?wait={n}ms"))
            { Passes = "404 service-not-found" },
        new("DelayMs", 43_200_000, "400 bad-field", n => Json("/v1/deliveries/D:reject", $$"""{"delay":"{{n}}ms"}""")),
        new("DelayMs", 43_200_000, "400 bad-field", n => Service($$$"""{"retry":{"backoff":"{{{n}}}ms","maxBackoff":"12h"}}""")),
        new("DelayMs", 43_200_000, "400 bad-field", n => Service($$$"""{"retry":{"maxBackoff":"{{{n}}}ms"}}""")),
        new("DueMs", 31_536_000_000, "400 bad-parameter", n => new("POST", $"{_node}/messages?delay={n}ms", "x")),
        new("DueMs", 31_536_000_000, "400 bad-field", n => Timer($$"""{"delay":"{{n}}ms"}""")),
        new("DueMs", 31_536_000_000, "400 bad-field", n => Json(_commit, $$"""{"sends":[{"node":"m","delay":"{{n}}ms"}]}""")),
        new("TtlMs", 315_360_000_000, "400 bad-parameter", n => new("PUT", $"{_key}?ttl={n}ms", "x")),
        new("TtlMs", 315_360_000_000, "400 bad-field", n => Json(_key + ":increment", $$"""{"ttl":"{{n}}ms"}""")),
        new("TtlMs", 315_360_000_000, "400 bad-parameter", n => new("POST", $"{_node}/messages?ttl={n}ms", "x")),
        new("TtlMs", 315_360_000_000, "400 bad-field", n => Json(_commit, $$"""{"sends":[{"node":"m","ttl":"{{n}}ms"}]}""")),
        new("TtlMs", 315_360_000_000, "400 bad-field",
            n => Json(_commit, $$"""{"keys":[{"keyspace":"ordered","key":"k","text":"","ttl":"{{n}}ms"}]}""")),
        new("Version", 9_007_199_254_740_991, "400 bad-field",
            n => Json(_commit, $$"""{"keys":[{"keyspace":"ordered","key":"k","text":"","ifVersion":{{n}}}]}""")),
    ];

    private static readonly string _message = new MessageId(default, new Revision(5), 0).ToString();

    public static TheoryData<int, string, string> Cases
    {
        get
        {
            var data = new TheoryData<int, string, string>();
            foreach ((int at, Case limit) in _cases.Index())
            {
                Request request = limit.Ask(limit.Value);
                data.Add(at, limit.Name, $"{request.Method} {request.Path[..Math.Min(request.Path.Length, 60)]}");
            }

            return data;
        }
    }

    [Theory, MemberData(nameof(Cases))]
    public async Task A_limit_is_the_last_value_that_passes(int at, string name, string request)
    {
        Case limit = _cases[at];
        await using FrontEndServer server = await StartAsync();
        int outwards = limit.IsLower ? -1 : 1;
        Assert.Equal(
            $"{name}, {request}: {limit.Passes}",
            $"{name}, {request}: {await AskAsync(server, limit, limit.Value - outwards)}");
        Assert.Equal(
            $"{name}, {request}: {limit.Passes}", $"{name}, {request}: {await AskAsync(server, limit, limit.Value)}");
        Assert.Equal(limit.Refusal, (await SendAsync(server, limit.Ask(limit.Value + outwards))).Refusal);
    }

    [Fact]
    public void Every_limit_is_asked_for_and_has_the_value_that_is_written_here()
    {
        IEnumerable<string> declared = typeof(Limits).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(f => $"{f.Name} = {Convert.ToInt64(f.GetRawConstantValue(), null)}");
        IEnumerable<string> written = _cases.Select(c => $"{c.Name} = {c.Value}")
            .Concat(_elsewhere.Select(e => $"{e.Key} = {e.Value}")).Distinct();
        Assert.Equal(written.Order(StringComparer.Ordinal), declared.Order(StringComparer.Ordinal));
    }

    private static async Task<string> AskAsync(FrontEndServer server, Case limit, long value)
    {
        Reply reply = await SendAsync(server, limit.Ask(value));
        return reply.Status < 300 ? "passes" : reply.Refusal;
    }

    private static async Task<FrontEndServer> StartAsync()
    {
        FrontEndServer server = await FrontEndServer.StartAsync(1);
        await server.SendAsync("PUT", "/v1/keyspaces/ks", """{"layout":"spread"}""");
        await server.SendAsync("PUT", "/v1/keyspaces/ordered", """{"layout":"ordered"}""");
        await server.SendAsync("PUT", "/v1/services/words", "{}");
        server.Partitions.Script = (_, command, _) => Answer(command) is { } answer ? Task.FromResult(answer) : null;
        return server;
    }

    private static Answer? Answer(Command command) => command switch
    {
        SendMessage => new MessageAccepted(new MessageId(default, new Revision(1), 0), false),
        Receive => new NothingToDeliver(),
        PutState => new StateWritten(new Revision(1), true),
        ListMessages => new MessagePage([], false),
        ChangeTimer => new TimerChanged(new Revision(1), true),
        CommitDelivery => new Committed(new Revision(1), Revision.None, false),
        RenewDelivery renew => new Renewed(renew.LeaseMs),
        RejectDelivery => new Rejected(1, 0),
        _ => null,
    };

    private static Task<Reply> SendAsync(FrontEndServer server, Request request)
    {
        string path = request.Path.Replace(
            "/D:", $"/{new DeliveryHandle(new DeliveryId(default, new Epoch(1), 1), "words")}:");
        string head = string.Concat(request.Headers.Select(h => $"{h.Name}: {h.Value}\r\n"));
        return server.RawAsync(
            $"{request.Method} {path} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Length: "
            + $"{request.Body.Length}\r\n\r\n{request.Body}");
    }

    private static Request Put(string path, long bytes) => new("PUT", path, Xs(bytes));

    private static Request Json(string path, string body, string method = "POST") => new(method, path, body);

    private static Request Batch(string body) => new("POST", "/v1/keyspaces/ks/keys:batch", body);

    private static Request Timer(string body) => Json(_node + "/timers/t", body, "PUT");

    private static Request Service(string body) => Json("/v1/services/new", body, "PUT");

    private static Request Push(string urls, string more) => Service($$$"""{"handler":{"kind":"push","urls":{{{urls}}}{{{more}}}}}""");

    private static Request Message(string header, string value) => Message([(header, value)]);

    private static Request Message(IEnumerable<(string, string)> headers) =>
        new("POST", _node + "/messages", "x", [.. headers]);

    /// <summary>
    /// A commit of so many bytes: of each send count its node, its body and 128; 128 are the commit's own.
    /// </summary>
    private static string Sends(long bytes)
    {
        const int each = 1_000_000;
        var bodies = new List<long>();
        for (; bytes > each + 1_000; bytes -= each + 129)
        {
            bodies.Add(each);
        }

        bodies.Add(bytes - 129);
        return $$"""{"sends":[{{string.Join(',', bodies.Select(b => $$"""{"node":"m","text":"{{Xs(b)}}"}"""))}}]}""";
    }

    private static string Headers(long count) =>
        string.Join(',', Enumerable.Range(0, (int)count).Select(i => $"\"ce-{i}\":\"x\""));

    private static string Many(long count, string item) => string.Join(',', Enumerable.Repeat(item, (int)count));

    private static string Xs(long count) => new('x', (int)count);

    private static string Blanks(long count) => new(' ', (int)count);

    private sealed record Case(string Name, long Value, string Refusal, Func<long, Request> Ask)
    {
        /// <summary>The least value that passes, not the greatest.</summary>
        public bool IsLower { get; init; }

        public string Passes { get; init; } = "passes";
    }

    private sealed record Request(
        string Method, string Path, string Body = "", params (string Name, string Value)[] Headers);
}
