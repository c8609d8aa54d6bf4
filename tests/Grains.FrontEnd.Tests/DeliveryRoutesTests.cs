using System.Text;
using System.Text.Json;
using Grains.Api;
using Grains.FrontEnd.Tests.World;
using Grains.Operations.Deliveries;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Slots;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Grains.FrontEnd.Tests;

public sealed class DeliveryRoutesTests
{
    private static readonly MessageId _message = new(new PartitionId(1), new Revision(3), 0);

    [Fact]
    public async Task A_receive_with_an_empty_body_takes_one_message_under_the_services_lease()
    {
        await using FrontEndServer server = await StartAsync(c => c is Receive ? new NothingToDeliver() : null);
        Assert.Equal(204, (await server.SendAsync("POST", "/v1/services/words/nodes/n/receive")).Status);
        Receive receive = server.Partitions.Last<Receive>();
        Assert.Equal((1, 30_000, 0, 5), (receive.MaxMessages, receive.LeaseMs, receive.WaitMs, receive.MaxAttempts));

        await server.SendAsync("POST", "/v1/services/words/nodes/n/receive", """{"max":10,"wait":"20s","lease":"1m"}""");
        receive = server.Partitions.Last<Receive>();
        Assert.Equal((10, 60_000, 20_000), (receive.MaxMessages, receive.LeaseMs, receive.WaitMs));
    }

    [Fact]
    public async Task A_waiting_receive_ends_when_the_server_is_asked_to_stop()
    {
        await using FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        var arrived = new TaskCompletionSource();
        server.Partitions.Script = (_, command, cancel) => command is Receive ? WaitAsync(cancel) : null;
        Task<Reply> waiting = server.SendAsync("POST", "/v1/services/words/nodes/n/receive", """{"wait":"60s"}""");
        await arrived.Task.WaitAsync(TimeSpan.FromSeconds(20));
        server.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();
        Assert.Equal(204, (await waiting.WaitAsync(TimeSpan.FromSeconds(20))).Status);

        async Task<Answer> WaitAsync(CancellationToken cancel)
        {
            arrived.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
            return new NothingToDeliver();
        }
    }

    [Fact]
    public void A_message_that_passes_the_door_passes_the_partition()
    {
        int largest = Limits.ContentBytes + Limits.ContentTypeChars + Limits.MessageTypeChars
            + Limits.MessageHeaderBytes + (2 * Limits.MessageHeaders);
        Assert.InRange(largest, 1, new MachineLimits().MessageBytesMax);
    }

    [Fact]
    public async Task A_delivery_has_the_shape_of_the_README()
    {
        DeliveryHandle handle = new(new DeliveryId(new PartitionId(1), new Epoch(3), 7), "words");
        await using FrontEndServer server = await StartAsync(c => c is Receive ? new DeliveryGiven
        {
            Delivery = handle.Id,
            Token = new FenceToken(4711),
            LeaseMs = 30_000,
            State = "42"u8.ToArray(),
            StateContentType = "text/plain",
            StateVersion = new Revision(17),
            Messages =
            [
                new MessageView
                {
                    Id = _message,
                    Node = new Utf8Name("{the}"),
                    Attempts = 1,
                    AcceptedAtMs = 1_767_225_600_000,
                    Content = new MessageContent
                    {
                        Body = [0xff], ContentType = "text/plain", Sender = "lines/gpl", Headers = [new("ce-id", "1")]
                    },
                },
            ],
        }
        : null);
        Reply reply = await server.SendAsync("POST", "/v1/services/words/nodes/%7Bthe%7D/receive");
        Assert.Equal(
            $$$"""
            {"delivery":"{{{handle}}}","epoch":3,"token":4711,"service":"words","node":"{the}","lease":"30s",
            "state":{"version":17,"contentType":"text/plain","body":"NDI=","text":"42"},
            "messages":[{"id":"{{{_message}}}","sender":"lines/gpl","type":null,"contentType":"text/plain",
            "headers":{"ce-id":"1"},"attempt":1,"acceptedAt":"2026-01-01T00:00:00.000Z","body":"/w=="}]}
            """.ReplaceLineEndings(""),
            reply.Body);
    }

    [Fact]
    public async Task An_empty_commit_acknowledges_everything_and_changes_nothing_else()
    {
        await using FrontEndServer server = await StartAsync(c => c is CommitDelivery
            ? new Committed(new Revision(8), Revision.None, Repeated: true) { At = new Revision(8) }
            : null);
        DeliveryHandle handle = Handle(server, "n");
        Reply reply = await server.SendAsync("POST", $"/v1/deliveries/{handle}:commit");
        CommitDelivery commit = server.Partitions.Last<CommitDelivery>();
        Assert.Equal($$"""{"revision":8,"position":"{{handle.Id.Partition.Value}}-8"}""", reply.Body);
        Assert.Equal("true", reply.Headers["Grains-Repeated"]);
        Assert.Equal(handle.Id, commit.Delivery);
        Assert.True(commit is { Acknowledge: null, State: null, Sends: [], Keys: [] });
    }

    [Fact]
    public async Task A_commit_carries_acknowledgements_state_sends_and_keys_by_id_and_partition()
    {
        await using FrontEndServer server = await StartAsync(c => c is CommitDelivery
            ? new Committed(new Revision(8), new Revision(8), Repeated: false)
            : null);
        Reply lines = await server.SendAsync("PUT", "/v1/services/lines", """{"mailbox":{"limit":7}}""");
        DeliveryHandle handle = Handle(server, "{the}");
        string body = $$$"""
            {"ack":["{{{_message}}}"],"state":{"text":"43","contentType":"text/plain"},
             "sends":[{"node":"n2","body":"aGk=","headers":{"Ce-Id":"1"}},{"service":"lines","node":"{the}","type":"t","text":"x"}],
             "keys":[{"keyspace":"ks","key":"{the}/a","text":"1","ttl":"10s","ifAbsent":true},
                     {"keyspace":"ks","key":"{the}/b","delete":true,"ifVersion":5}]}
            """;
        Reply reply = await server.SendAsync("POST", $"/v1/deliveries/{handle}:commit", body);
        Assert.Equal(200, reply.Status);
        Assert.Equal(8, reply.Json.GetProperty("stateVersion").GetInt64());

        CommitDelivery commit = server.Partitions.Last<CommitDelivery>();
        Assert.Equal([_message], commit.Acknowledge!);
        Assert.Equal(("43", "text/plain"), (Encoding.UTF8.GetString(commit.State!.Value!), commit.State.ContentType));
        Assert.Equal("hi", Encoding.UTF8.GetString(commit.Sends[0].Content.Body));
        Assert.Equal([new("ce-id", "1")], commit.Sends[0].Content.Headers);
        Assert.Equal(
            server.Partitions.Slots.PartitionOf(PlacementKey.SlotOfNode("words"u8, "n2"u8)), commit.Sends[0].Partition);
        Assert.Equal((10_000, 7), (commit.Sends[0].MailboxLimit, commit.Sends[1].MailboxLimit));
        Assert.Equal(lines.Json.GetProperty("id").GetInt64(), commit.Sends[1].Service.Value);
        Assert.Equal(handle.Id.Partition, commit.Sends[1].Partition);
        Assert.Equal((10_000, ConditionKind.Absent), (commit.Keys[0].TtlMs, commit.Keys[0].Condition.Kind));
        Assert.Null(commit.Keys[1].Value);
        Assert.Equal([5], commit.Keys[1].Condition.Versions!);
        UInt128 hash = commit.BodyHash;
        await server.SendAsync("POST", $"/v1/deliveries/{handle}:commit", body);
        Assert.Equal(hash, server.Partitions.Last<CommitDelivery>().BodyHash);
        await server.SendAsync("POST", $"/v1/deliveries/{handle}:commit", body + " ");
        Assert.NotEqual(hash, server.Partitions.Last<CommitDelivery>().BodyHash);
    }

    [Fact]
    public async Task A_state_of_null_removes_it()
    {
        await using FrontEndServer server = await StartAsync(
            c => c is CommitDelivery ? new Committed(new Revision(8), Revision.None, false) : null);
        await server.SendAsync("POST", $"/v1/deliveries/{Handle(server, "n")}:commit", """{"state":null}""");
        Assert.Equal(new StateChange(null, null), server.Partitions.Last<CommitDelivery>().State);
    }

    [Theory]
    [InlineData("""{"keys":[{"keyspace":"ordered","key":"{the}","text":"1"}]}""", "422 cross-partition", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{elsewhere-2}","text":"1"}]}""", "422 cross-partition", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"none","key":"{the}","text":"1"}]}""", "404 keyspace-not-found", "keys[0].keyspace")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}/../a","text":"1"}]}""", "400 bad-name", "keys[0].key")]
    [InlineData("""{"keys":[{"keyspace":"ks","text":"1"}]}""", "400 bad-name", "keys[0].key")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}"}]}""", "400 bad-field", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","delete":true}]}""", "400 bad-field", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","body":"MQ=="}]}""", "400 bad-field", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","ifVersion":-1}]}""", "400 bad-field", "keys[0].ifVersion")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","ifVersion":9007199254740992}]}""", "400 bad-field", "keys[0].ifVersion")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","ifVersion":1,"ifAbsent":true}]}""", "400 bad-field", "keys[0]")]
    [InlineData("""{"keys":[{"keyspace":"ks","key":"{the}","text":"1","contentType":"a\nb"}]}""", "400 bad-field", "keys[0].contentType")]
    [InlineData("""{"keys":[null]}""", "400 bad-field", "keys[0]")]
    [InlineData("""{"sends":[{"service":"none","node":"n","text":""}]}""", "404 service-not-found", "sends[0].service")]
    [InlineData("""{"sends":[{"text":""}]}""", "400 bad-name", "sends[0].node")]
    [InlineData("""{"sends":[{"node":"a/b","text":""}]}""", "400 bad-name", "sends[0].node")]
    [InlineData("""{"sends":[{"node":"n","body":"*"}]}""", "400 bad-json", "sends[0].body")]
    [InlineData("""{"sends":[{"node":"n","headers":{"authorization":"x"}}]}""", "400 bad-field", "sends[0].headers")]
    [InlineData("""{"sends":[{"node":"n","headers":{"ce-a":"x\r\ny"}}]}""", "400 bad-field", "sends[0].headers")]
    [InlineData("""{"sends":[{"node":"n","headers":{"ce-a":"x","ce-a":"y"}}]}""", "400 bad-json", "ce-a")]
    [InlineData("""{"ack":["m"]}""", "400 bad-id", "ack[0]")]
    [InlineData("""{"state":{}}""", "400 bad-field", "state")]
    [InlineData("""{"acks":[]}""", "400 bad-json", "acks")]
    public async Task A_commit_with_an_unusable_part_is_refused_whole_and_names_it(
        string body, string expected, string named)
    {
        await using FrontEndServer server = await StartAsync(null);
        await server.SendAsync("PUT", "/v1/keyspaces/ordered", """{"layout":"ordered"}""");
        Reply reply = await server.SendAsync("POST", $"/v1/deliveries/{Handle(server, "{the}")}:commit", body);
        Assert.Equal(expected, reply.Refusal);
        Assert.Contains(named, reply.Detail);
        Assert.Equal("none", reply.Json.GetProperty("outcome").GetString());
        Assert.DoesNotContain(server.Partitions.Seen, s => s.Command is CommitDelivery);
    }

    [Fact]
    public async Task A_commit_over_a_limit_is_refused_with_the_limit()
    {
        await using FrontEndServer server = await StartAsync(null);
        string path = $"/v1/deliveries/{Handle(server, "n")}:commit";
        string sends = JsonSerializer.Serialize(new { sends = Enumerable.Repeat(new { node = "n" }, 1_001) });
        Assert.Equal(1_000, Limit(await server.SendAsync("POST", path, sends)));
        string big = JsonSerializer.Serialize(new { state = new { text = new string('x', (1 << 20) + 1) } });
        Assert.Equal(1 << 20, Limit(await server.SendAsync("POST", path, big)));
        string sum = JsonSerializer.Serialize(
            new { sends = Enumerable.Repeat(new { node = "n", text = new string('x', 900_000) }, 5) });
        Assert.Equal(4 << 20, Limit(await server.SendAsync("POST", path, sum)));

        static int Limit(Reply reply)
        {
            Assert.Equal("413 too-large", reply.Refusal);
            return reply.Json.GetProperty("limit").GetInt32();
        }
    }

    [Theory]
    [InlineData(Refusal.DeliveryGone, "409 delivery-gone")]
    [InlineData(Refusal.NotHeld, "409 not-held")]
    [InlineData(Refusal.VersionMismatch, "412 version-mismatch")]
    public async Task A_refused_commit_says_why(Refusal refusal, string expected)
    {
        await using FrontEndServer server = await StartAsync(
            c => c is CommitDelivery ? new Refused(refusal, "So it is.") : null);
        Assert.Equal(
            expected, (await server.SendAsync("POST", $"/v1/deliveries/{Handle(server, "n")}:commit")).Refusal);
    }

    [Fact]
    public async Task Renew_and_reject_take_the_services_lease_and_backoff_where_none_is_given()
    {
        await using FrontEndServer server = await StartAsync(c => c switch
        {
            RenewDelivery renew => new Renewed(renew.LeaseMs),
            RejectDelivery => new Rejected(2, 1),
            _ => null,
        });
        DeliveryHandle handle = Handle(server, "n");
        Assert.Equal("""{"lease":"30s"}""", (await server.SendAsync("POST", $"/v1/deliveries/{handle}:renew")).Body);
        Assert.Equal("""{"lease":"5m"}""", (await server.SendAsync("POST", $"/v1/deliveries/{handle}:renew", """{"lease":"300s"}""")).Body);
        Assert.Equal("""{"returned":2,"deadLettered":1}""", (await server.SendAsync("POST", $"/v1/deliveries/{handle}:reject")).Body);
        Backoff backoff = server.Partitions.Last<RejectDelivery>().Backoff!;
        Assert.Equal((1_000, 60_000), (backoff.FirstMs, backoff.MaxMs));
        Assert.InRange(backoff.Permille, 800, 1_000);
        await server.SendAsync("POST", $"/v1/deliveries/{handle}:reject", """{"delay":"0s","deadLetter":true,"reason":"no"}""");
        RejectDelivery last = server.Partitions.Last<RejectDelivery>();
        Assert.Null(last.Backoff);
        Assert.Equal((0, true, "no"), (last.DelayMs, last.DeadLetter, last.Reason));
    }

    [Theory]
    [InlineData("dAAAA.words:commit", "400 bad-id")]
    [InlineData("d:commit", "400 bad-id")]
    [InlineData(".words:commit", "400 bad-id")]
    public async Task A_mistyped_delivery_id_is_refused_with_bad_id(string last, string expected)
    {
        await using FrontEndServer server = await StartAsync(null);
        Assert.Equal(expected, (await server.SendAsync("POST", "/v1/deliveries/" + last)).Refusal);
    }

    [Fact]
    public async Task A_delivery_of_a_partition_that_is_not_here_is_gone()
    {
        await using FrontEndServer server = await StartAsync(null);
        var id = new DeliveryId(new PartitionId(77), new Epoch(1), 1);
        Assert.Equal(
            "409 delivery-gone", (await server.SendAsync("POST", $"/v1/deliveries/{id}.words:commit")).Refusal);
    }

    private static DeliveryHandle Handle(FrontEndServer server, string node) => new(
        new DeliveryId(
            server.Partitions.Slots.PartitionOf(PlacementKey.SlotOfNode("words"u8, Encoding.UTF8.GetBytes(node))),
            new Epoch(3), 7),
        "words");

    private static async Task<FrontEndServer> StartAsync(Func<Command, Answer?>? script)
    {
        FrontEndServer server = await FrontEndServer.StartDeclaredAsync();
        server.Partitions.Script = (_, command, _) =>
            script?.Invoke(command) is { } answer ? Task.FromResult(answer) : null;
        return server;
    }
}
