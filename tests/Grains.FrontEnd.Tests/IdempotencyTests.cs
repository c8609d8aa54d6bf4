using System.Collections.Concurrent;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.FrontEnd.Tests;

/// <summary>
/// Every part of a request that is sent under an <c>Idempotency-Key</c>, changed alone. The partition of these tests
/// keeps keys as the real one does: the same request again is a repeat, another one is refused.
/// </summary>
public sealed class IdempotencyTests
{
    private const string _path = "/v1/services/words/nodes/n/messages";

    private static readonly Request _first = new(_path + "?delay=10s&ttl=1h", "body")
    {
        ContentType = "text/plain",
        Headers =
        [
            ("Idempotency-Key", "k"), ("Grains-Type", "t"), ("ce-id", "1"), ("Grains-Header-X", "x"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"), ("tracestate", "a=1"),
        ],
    };

    /// <summary>
    /// What is changed; "another": refused, "same": a repeat, "new": accepted as a message of its own.
    /// </summary>
    public static TheoryData<string, string> Changes
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach ((string name, (string verdict, _)) in _changes)
            {
                data.Add(name, verdict);
            }

            return data;
        }
    }

    private static readonly Dictionary<string, (string Verdict, Request Request)> _changes = new()
    {
        ["nothing"] = ("same", _first),
        ["the body"] = ("another", _first with { Body = "bodY" }),
        ["the body's length"] = ("another", _first with { Body = "body " }),
        ["no body"] = ("another", _first with { Body = "" }),
        ["the content type"] = ("another", _first with { ContentType = "text/html" }),
        ["a parameter of the content type"] = ("another", _first with { ContentType = "text/plain; charset=utf-8" }),
        ["no content type"] = ("another", _first with { ContentType = null }),
        ["the type"] = ("another", _first.With("Grains-Type", "u")),
        ["no type"] = ("another", _first.With("Grains-Type", null)),
        ["the value of a kept header"] = ("another", _first.With("ce-id", "2")),
        ["the value of another kept header"] = ("another", _first.With("Grains-Header-X", "y")),
        ["the name of a kept header"] = ("another", _first.With("ce-id", null).With("ce-ie", "1")),
        ["one kept header less"] = ("another", _first.With("Grains-Header-X", null)),
        ["one kept header more"] = ("another", _first.With("ce-source", "s")),
        ["an empty kept header more"] = ("another", _first.With("ce-z", "")),
        ["two values that have changed places"] = ("another", _first.With("ce-id", "x").With("Grains-Header-X", "1")),
        ["the delay"] = ("another", _first with { Path = _path + "?delay=11s&ttl=1h" }),
        ["no delay"] = ("another", _first with { Path = _path + "?ttl=1h" }),
        ["a time for the delay"] = ("another", _first with { Path = _path + "?at=2020-01-31T08:00:00Z&ttl=1h" }),
        ["the time to live"] = ("another", _first with { Path = _path + "?delay=10s&ttl=2h" }),
        ["no time to live"] = ("another", _first with { Path = _path + "?delay=10s" }),
        ["delay and time to live that have changed places"] =
            ("another", _first with { Path = _path + "?delay=1h&ttl=10s" }),
        ["the trace"] = ("same", _first.With("traceparent", "00-0bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")),
        ["the state of the trace"] = ("same", _first.With("tracestate", "b=2")),
        ["no trace"] = ("same", _first.With("traceparent", null).With("tracestate", null)),
        ["a header that is not kept"] = ("same", _first.With("X-Request-Id", "7")),
        ["the case of a name"] = ("same", _first.With("ce-id", null).With("CE-Id", "1")),
        ["how the delay is written"] = ("same", _first with { Path = _path + "?ttl=60m&delay=10000ms" }),
        ["the key"] = ("new", _first.With("Idempotency-Key", "l")),
        ["the case of the key"] = ("new", _first.With("Idempotency-Key", "K")),
        ["the node"] = ("new", _first with { Path = _first.Path.Replace("/n/", "/m/") }),
        ["the service"] = ("new", _first with { Path = _first.Path.Replace("/words/", "/others/") }),
        ["no key at all"] = ("new", _first.With("Idempotency-Key", null)),
    };

    [Theory, MemberData(nameof(Changes))]
    public async Task A_request_under_a_known_key_is_a_repeat_only_where_nothing_but_the_trace_changed(
        string change, string verdict)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        await server.SendAsync("PUT", "/v1/services/others", "{}");
        var known = new ConcurrentDictionary<UInt128, UInt128>();
        server.Partitions.Script = (_, command, _) =>
            command is SendMessage send ? Task.FromResult(Accept(send)) : null;

        Assert.Equal("new", Verdict(await SendAsync(server, _first)));
        Assert.Equal($"{change}: {verdict}", $"{change}: {Verdict(await SendAsync(server, _changes[change].Request))}");

        Answer Accept(SendMessage send)
        {
            bool repeated = send.IdempotencyKey is { } key && !known.TryAdd(key.Key, key.Body);
            return repeated && known[send.IdempotencyKey!.Value.Key] != send.IdempotencyKey.Value.Body
                ? new Refused(Refusal.IdempotencyMismatch, "It stands for another request.")
                : new MessageAccepted(new MessageId(default, new Revision(1), 0), repeated);
        }
    }

    private static string Verdict(Reply reply) => reply.Refusal switch
    {
        "202" => reply.Headers.ContainsKey("Grains-Repeated") ? "same" : "new",
        "422 idempotency-mismatch" => "another",
        var other => other,
    };

    private static Task<Reply> SendAsync(FrontEndServer server, Request request) => server.RawAsync(
        $"POST {request.Path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {request.Body.Length}\r\n"
        + (request.ContentType is null ? "" : $"Content-Type: {request.ContentType}\r\n")
        + string.Concat(request.Headers.Select(h => $"{h.Name}: {h.Value}\r\n")) + "\r\n" + request.Body);

    private sealed record Request(string Path, string Body)
    {
        public string? ContentType { get; init; }

        public (string Name, string Value)[] Headers { get; init; } = [];

        /// <summary>Null = without it.</summary>
        public Request With(string name, string? value)
        {
            IEnumerable<(string, string)> others = Headers.Where(h => h.Name != name);
            return this with { Headers = [.. value is null ? others : others.Append((name, value))] };
        }
    }
}
