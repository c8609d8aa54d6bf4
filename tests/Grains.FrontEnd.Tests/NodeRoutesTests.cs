using System.Text;
using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;

namespace Grains.FrontEnd.Tests;

public sealed class NodeRoutesTests
{
    private const string _node = "/v1/services/words/nodes/%7Bthe%7D";

    [Fact]
    public async Task A_send_carries_body_type_and_kept_headers_only_to_the_partition_of_the_node()
    {
        await using FrontEndServer server = await StartAsync(c => c is SendMessage send
            ? new MessageAccepted(new MessageId(default, new Revision(9), 0), false) { At = new Revision(9) }
            : null);
        Reply reply = await server.SendAsync("POST", _node + "/messages", "hi", "text/plain",
            ("Grains-Type", "greeting"), ("traceparent", "00-a-b-01"), ("Ce-Id", "7"), ("Grains-Header-X", "y"),
            ("Authorization", "Bearer secret"), ("Cookie", "a=b"), ("X-Other", "z"));

        SendMessage send = server.Partitions.Last<SendMessage>();
        Assert.Equal(202, reply.Status);
        Assert.Equal(new MessageId(default, new Revision(9), 0).ToString(), reply.Json.GetProperty("id").GetString());
        Assert.Equal(reply.Headers["Grains-Position"], reply.Json.GetProperty("position").GetString());
        Assert.Equal(
            ("hi", "text/plain", "greeting"),
            (Encoding.UTF8.GetString(send.Content.Body), send.Content.ContentType, send.Content.Type));
        Assert.Equal(
            [new("ce-id", "7"), new("grains-header-x", "y"), new("traceparent", "00-a-b-01")],
            send.Content.Headers);
        Assert.Equal((10_000, new Utf8Name("{the}")), (send.MailboxLimit, send.Node));
        PartitionId expected = server.Partitions.Slots.PartitionOf(SlotMap.SlotOf("the"u8));
        Assert.Equal(expected, server.Partitions.Seen.Last().Partition);
    }

    [Fact]
    public async Task An_idempotency_key_stands_for_service_node_and_request_but_not_for_the_trace()
    {
        await using FrontEndServer server = await StartAsync(c => c is SendMessage
            ? new MessageAccepted(new MessageId(default, new Revision(1), 0), true)
            : null);
        async Task<IdempotencyKey> SendAsync(string node, string key, string body, params (string, string)[] headers)
        {
            Reply reply = await server.SendAsync(
                "POST", $"/v1/services/words/nodes/{node}/messages", body, "text/plain",
                [("Idempotency-Key", key), .. headers]);
            Assert.Equal("true", reply.Headers["Grains-Repeated"]);
            return server.Partitions.Last<SendMessage>().IdempotencyKey!.Value;
        }

        IdempotencyKey first = await SendAsync("n", "k", "body", ("traceparent", "1"));
        Assert.Equal(first, await SendAsync("n", "k", "body", ("traceparent", "2")));
        Assert.NotEqual(first.Key, (await SendAsync("m", "k", "body")).Key);
        Assert.NotEqual(first.Key, (await SendAsync("n", "k2", "body")).Key);
        Assert.Equal(first.Key, (await SendAsync("n", "k", "other")).Key);
        Assert.NotEqual(first.Body, (await SendAsync("n", "k", "other")).Body);
        Assert.NotEqual(first.Body, (await SendAsync("n", "k", "body", ("ce-id", "1"))).Body);
    }

    [Theory]
    [InlineData(Refusal.MailboxFull, "429 mailbox-full")]
    [InlineData(Refusal.IdempotencyMismatch, "422 idempotency-mismatch")]
    [InlineData(Refusal.ServiceDeleted, "404 service-not-found")]
    public async Task A_refused_send_says_why(Refusal refusal, string expected)
    {
        await using FrontEndServer server = await StartAsync(
            c => c is SendMessage ? new Refused(refusal, "So it is.") : null);
        Assert.Equal(expected, (await server.SendAsync("POST", _node + "/messages", "x")).Refusal);
    }

    [Fact]
    public async Task A_message_is_asked_for_in_the_partition_that_its_id_names()
    {
        var id = new MessageId(new PartitionId(2), new Revision(5), 1);
        await using FrontEndServer server = await StartAsync(c => c is GetMessage
            ? new MessageFound(MessageStatus.Dead, View(id) with { Reason = "five attempts" })
            : null);
        Reply reply = await server.SendAsync("GET", $"/v1/services/words/messages/{id}");
        Assert.Equal(id.Partition, server.Partitions.Seen.Last().Partition);
        Assert.Equal(
            $$"""{"id":"{{id}}","status":"dead","node":"n","attempts":2,"acceptedAt":"2026-01-01T00:00:00.000Z","reason":"five attempts","size":2}""",
            reply.Body);

        var elsewhere = new MessageId(new PartitionId(4_000_000_000), new Revision(5), 1);
        Assert.Equal(
            "404 message-not-found",
            (await server.SendAsync("GET", $"/v1/services/words/messages/{elsewhere}")).Refusal);
        Assert.Equal("400 bad-id", (await server.SendAsync("GET", "/v1/services/words/messages/mAAAA")).Refusal);
    }

    [Fact]
    public async Task A_mailbox_is_paged_by_message_ids()
    {
        var id = new MessageId(new PartitionId(2), new Revision(5), 1);
        await using FrontEndServer server = await StartAsync(
            c => c is ListMessages ? new MessagePage([View(id)], More: true) : null);
        Reply reply = await server.SendAsync("GET", $"{_node}/dead?limit=1&after={id}");
        ListMessages asked = server.Partitions.Last<ListMessages>();
        Assert.Equal((true, id, 1), (asked.Dead, asked.After, asked.Limit));
        Assert.Equal(id.ToString(), reply.Json.GetProperty("next").GetString());
        Assert.Equal("aGk=", reply.Json.GetProperty("messages")[0].GetProperty("body").GetString());
        Assert.Equal("400 bad-parameter", (await server.SendAsync("GET", $"{_node}/mailbox?after=nonsense")).Refusal);
    }

    [Fact]
    public async Task Dead_letters_are_retried_and_discarded_and_other_verbs_are_no_route()
    {
        var id = new MessageId(new PartitionId(2), new Revision(5), 1);
        await using FrontEndServer server = await StartAsync(
            c => c is SettleDeadLetter ? new Done(new Revision(6)) : null);
        Assert.Equal(204, (await server.SendAsync("POST", $"{_node}/dead/{id}:retry")).Status);
        Assert.True(server.Partitions.Last<SettleDeadLetter>().Retry);
        Assert.Equal(204, (await server.SendAsync("POST", $"{_node}/dead/{id}:discard")).Status);
        Assert.False(server.Partitions.Last<SettleDeadLetter>().Retry);
        Assert.Equal("404 route-not-found", (await server.SendAsync("POST", $"{_node}/dead/{id}:burn")).Refusal);
        Assert.Equal("404 route-not-found", (await server.SendAsync("POST", $"{_node}/dead/{id}")).Refusal);
    }

    [Fact]
    public async Task All_dead_letters_are_settled_step_by_step()
    {
        int steps = 0;
        await using FrontEndServer server = await StartAsync(
            c => c is SettleDeadLetters ? new Settled(++steps == 1 ? 1_000 : 7, More: steps == 1) : null);
        Assert.Equal("""{"settled":1007}""", (await server.SendAsync("POST", $"{_node}/dead:retry")).Body);
        Assert.True(server.Partitions.Last<SettleDeadLetters>().Retry);
        Assert.Equal("""{"settled":7}""", (await server.SendAsync("POST", $"{_node}/dead:discard")).Body);
        Assert.False(server.Partitions.Last<SettleDeadLetters>().Retry);
        Assert.Equal("404 route-not-found", (await server.SendAsync("POST", $"{_node}/dead:burn")).Refusal);
    }

    [Fact]
    public async Task A_purge_keeps_the_state_a_delete_takes_it_and_a_node_id_may_hold_colons()
    {
        await using FrontEndServer server = await StartAsync(c => c is PurgeNode ? new Purged(3, 2) : null);
        Reply purged = await server.SendAsync("POST", "/v1/services/words/nodes/a%3Apurge:purge");
        Assert.Equal("""{"waiting":3,"dead":2}""", purged.Body);
        Assert.Equal(
            (false, new Utf8Name("a:purge")),
            (server.Partitions.Last<PurgeNode>().WithState, server.Partitions.Last<PurgeNode>().Node));
        Assert.Equal(204, (await server.SendAsync("DELETE", "/v1/services/words/nodes/a:b")).Status);
        Assert.Equal(
            (true, new Utf8Name("a:b")),
            (server.Partitions.Last<PurgeNode>().WithState, server.Partitions.Last<PurgeNode>().Node));
    }

    [Fact]
    public async Task A_state_is_read_written_and_removed_with_its_version()
    {
        NodeView view = new()
        {
            Node = new Utf8Name("n"), State = "42"u8.ToArray(), StateContentType = "text/plain",
            StateVersion = new Revision(17)
        };
        await using FrontEndServer server = await StartAsync(c => c switch
        {
            GetNode { WithState: true } => new NodeFound(view),
            PutState put => new StateWritten(new Revision(18), false),
            _ => null,
        });
        Reply read = await server.SendAsync("GET", _node + "/state");
        Assert.Equal(
            (200, "42", "\"17\"", "text/plain"),
            (read.Status, read.Body, read.Headers["ETag"], read.Headers["Content-Type"]));
        Assert.Equal(
            304, (await server.SendAsync("GET", _node + "/state", null, null, ("If-None-Match", "\"17\""))).Status);

        Reply written = await server.SendAsync("PUT", _node + "/state", "43", "text/plain", ("If-Match", "\"17\""));
        Assert.Equal((200, "\"18\""), (written.Status, written.Headers["ETag"]));
        Condition condition = server.Partitions.Last<PutState>().Condition;
        Assert.Equal(ConditionKind.VersionIn, condition.Kind);
        Assert.Equal([17], condition.Versions!);

        Assert.Equal(204, (await server.SendAsync("DELETE", _node + "/state")).Status);
        Assert.Null(server.Partitions.Last<PutState>().State.Value);
        view = view with { State = null, StateVersion = Revision.None };
        Assert.Equal("404 state-not-found", (await server.SendAsync("GET", _node + "/state")).Refusal);
    }

    [Fact]
    public async Task A_node_tells_what_it_holds_and_where_it_lives()
    {
        NodeView view = new()
        {
            Node = new Utf8Name("{the}"), Waiting = 1, Delivered = 2, Dead = 3, StateVersion = new Revision(17),
            StateBytes = 2
        };
        await using FrontEndServer server = await StartAsync(
            c => c is GetNode { WithState: false } ? new NodeFound(view) : null);
        Reply reply = await server.SendAsync("GET", _node);
        uint partition = server.Partitions.Slots.PartitionOf(SlotMap.SlotOf("the"u8)).Value;
        Assert.Equal(
            $$"""{"node":"{the}","waiting":1,"delivered":2,"dead":3,"stateVersion":17,"stateBytes":2,"partition":{{partition}}}""",
            reply.Body);
    }

    [Fact]
    public async Task Nodes_are_listed_over_all_partitions_in_order()
    {
        await using FrontEndServer server = await StartAsync(null);
        server.Partitions.Script = (partition, command, _) => command is ListNodes list
            ? Task.FromResult<Answer>(new NodePage(
                [.. Enumerable.Range(0, 20).Where(i => i % 4 == partition.Value)
                    .Select(i => new NodeView { Node = new Utf8Name($"n{i:d2}") })
                    .Where(n => n.Node.CompareTo(list.After) > 0).Take(list.Limit)],
                More: false))
            : null;
        Reply page = await server.SendAsync("GET", "/v1/services/words/nodes?limit=6&after=n02");
        Assert.Equal(["n03", "n04", "n05", "n06", "n07", "n08"],
            page.Json.GetProperty("nodes").EnumerateArray().Select(n => n.GetProperty("node").GetString()));
        Assert.Equal("n08", page.Json.GetProperty("next").GetString());
    }

    [Fact]
    public async Task A_route_of_an_undeclared_service_is_404()
    {
        await using FrontEndServer server = await FrontEndServer.StartAsync();
        Assert.Equal("404 service-not-found", (await server.SendAsync("POST", _node + "/messages", "x")).Refusal);
        Assert.Equal("404 service-not-found", (await server.SendAsync("GET", _node)).Refusal);
    }

    private static MessageView View(MessageId id) => new()
    {
        Id = id,
        Node = new Utf8Name("n"),
        Attempts = 2,
        AcceptedAtMs = 1_767_225_600_000,
        Content = new MessageContent { Body = "hi"u8.ToArray() },
    };

    private static async Task<FrontEndServer> StartAsync(Func<Command, Answer?>? script)
    {
        FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, command, _) =>
            script?.Invoke(command) is { } answer ? Task.FromResult(answer) : null;
        return server;
    }
}
