using Grains.FrontEnd.Tests.World;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.FrontEnd.Tests;

/// <summary>Why a node is moving, or is not: the status, and a sentence with what to do.</summary>
public sealed class ExplainTests
{
    private const string _path = "/v1/explain/services/words/nodes/%7Bthe%7D";
    private static readonly long _laterMs = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds();

    public static TheoryData<string, NodeExplained, string> Cases => new()
    {
        { "idle", Node(0), "Nothing waits." },
        { "idle", Node(0, dead: 2), "2 dead letters waiting for a person" },
        { "no-worker", Node(2), "no worker receives. Start a worker: POST /v1/services/words/receive" },
        { "ready", Node(1) with { WaitingForAny = 1 }, "1 message waiting; whoever receives next" },
        { "starting", Node(1) with { IsStarting = true, WaitingForNode = 1 }, "is being recorded" },
        { "held", Node(1) with { HeldUntilMs = _laterMs, Attempts = 2 }, "rejected (attempt 2 of 5)" },
        { "delivered", Node(3, delivered: 2) with { LeaseEndsMs = _laterMs, Attempts = 1 }, "A worker has 2 messages, "
            + "attempt 1 of 5" },
        { "no-worker", Node(10_000), "The mailbox is at its limit of 10000" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task A_node_is_explained_in_words_and_fields(string status, NodeExplained node, string why)
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, command, _) => command is ExplainNode ? Task.FromResult<Answer>(node) : null;
        Reply reply = await server.SendAsync("GET", _path);
        Assert.Equal(200, reply.Status);
        Assert.Equal(status, reply.Json.GetProperty("status").GetString());
        Assert.Contains(why, reply.Json.GetProperty("why").GetString(), StringComparison.Ordinal);
        Assert.Equal(("words", "{the}", 7), (
            reply.Json.GetProperty("service").GetString(), reply.Json.GetProperty("node").GetString(),
            reply.Json.GetProperty("epoch").GetInt32()));
        Assert.Equal(status is "held", reply.Json.TryGetProperty("heldUntil", out _));
        Assert.Equal(status is "delivered", reply.Json.TryGetProperty("leaseEnds", out _));
        Assert.Equal(new Utf8Name("{the}"), server.Partitions.Last<ExplainNode>().Node);
    }

    [Fact]
    public async Task A_node_that_holds_nothing_and_a_service_that_is_not_there_are_not_found()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, command, _) =>
            command is ExplainNode ? Task.FromResult<Answer>(new Refused(Refusal.NotFound, "It holds nothing.")) : null;
        Assert.Equal("404 node-not-found", (await server.SendAsync("GET", _path)).Refusal);
        Assert.Equal(
            "404 service-not-found", (await server.SendAsync("GET", "/v1/explain/services/none/nodes/n")).Refusal);
    }

    private static NodeExplained Node(int waiting, int delivered = 0, int dead = 0) => new()
    {
        Node = new NodeView { Node = new Utf8Name("{the}"), Waiting = waiting, Delivered = delivered, Dead = dead },
        Next = waiting > 0 ? new MessageId(new PartitionId(1), new Revision(3), 0) : null,
        AcceptedAtMs = waiting > 0 ? 1_767_225_600_000 : 0,
        Epoch = new Epoch(7),
    };
}
