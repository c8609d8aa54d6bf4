using System.Runtime.CompilerServices;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tests.Partitions;

namespace Grains.StateMachines.Tests.Codecs;

/// <summary>
/// The bytes on disk, pinned. After a change that is meant to change them, set GRAINS_UPDATE_GOLDEN=1, run once, and
/// review the difference: a released format is never rewritten, it gets a successor.
/// </summary>
public class GoldenTests
{
    [Fact]
    public void A_record_with_every_kind_of_effect_has_the_bytes_of_the_golden_file()
    {
        TestPartition partition = EveryEffect();
        Compare("records.txt", partition.RecordsAsHex());
        Assert.Equal(
            partition.EmptyState().EffectNumbers.Order(), partition.Effects().Select(e => e.Kind).Distinct().Order());
    }

    [Fact]
    public void A_checkpoint_with_every_section_has_the_bytes_of_the_golden_file()
    {
        TestPartition partition = EveryEffect(leaveSomething: true);
        string[] chunks = [.. partition.Machine.Capture().Chunks().Select(c => Convert.ToHexStringLower(c.Span))];
        Compare("checkpoint.txt", chunks);
        Assert.Equal(
            partition.EmptyState().Nouns.SelectMany(n => n.Sections).Select(s => s.Number).Append(ChunkReader.Ground)
                .Order(),
            chunks.Select(c => Convert.FromHexString(c)[1]).Distinct().Order());
    }

    private static TestPartition EveryEffect(bool leaveSomething = false)
    {
        var partition = new TestPartition();
        var command = new CommandId(1_048_576_401_835, 1);
        partition.Do(partition.Put("kept", "value", ttlMs: 60_000, id: command), partition.Put("gone", "x"));
        partition.Do(partition.Delete("gone"));
        partition.Do(
            new PutState
            {
                Service = TestPartition.Service, Node = new Utf8Name("n"), State = new StateChange([1, 2], "a/b")
            });
        partition.Do(
            new PutState
            {
                Service = TestPartition.Service, Node = new Utf8Name("n"), State = new StateChange(null, null)
            });
        partition.Do(
            partition.Send("n", "m1", key: new IdempotencyKey(5, 6)), partition.Send("n", "m2"),
            partition.Send("n", "m3"));
        partition.Do(new CommitDelivery
        {
            Delivery = partition.Take("n")!.Delivery,
            State = new StateChange([3], null),
            Sends = [partition.Outgoing("far", "out", new PartitionId(9)), partition.Outgoing("near", "in")],
            BodyHash = 99,
        });
        partition.Do(new AcceptTransfer
        {
            Source = new PartitionId(4),
            SourceIncarnation = 0,
            Entries = [new OutboxEntry(new OutboxSequence(12, 1), partition.Outgoing("t", "in"))],
        });
        foreach (bool retry in new[] { true, false })
        {
            DeliveryGiven bad = partition.Take("n")!;
            partition.Do(new RejectDelivery { Delivery = bad.Delivery, DeadLetter = true, Reason = "bad" });
            partition.Do(
                new SettleDeadLetter
                {
                    Service = TestPartition.Service, Node = new Utf8Name("n"), Message = bad.Messages[0].Id,
                    Retry = retry
                });
        }

        if (!leaveSomething)
        {
            partition.Do(
                new ClearOutbox(
                    new PartitionId(9),
                    partition.Machine.ReadOutbox(new PartitionId(9), 1, 1, partition.Now)[0].Sequence));
            partition.Do(new PurgeNode { Service = TestPartition.Service, Node = new Utf8Name("n"), WithState = true });
        }

        partition.Do(new DropKeyspace(new KeyspaceId(77)));
        if (!leaveSomething)
        {
            WithHandOvers(partition);
        }

        WithMetadata(partition);
        WithClocks(partition);
        if (leaveSomething)
        {
            // A history that was restored lacks revisions.
            partition.Fork();
        }

        return partition;
    }

    /// <summary>What one owner leaves to the next, and what waits for its time.</summary>
    private static void WithHandOvers(TestPartition partition)
    {
        partition.Do(partition.Send("leased", "m4"), partition.Send("held", "m5"));
        partition.Do(new RejectDelivery { Delivery = partition.Take("held")!.Delivery, DelayMs = 5_000 });
        partition.Take("leased");
        partition.NowMs += 1_000;
        partition.HandOver();
        partition.Do(partition.Send("later", "m6"));
        partition.Do(new RejectDelivery { Delivery = partition.Take("later")!.Delivery, NotCounted = true });
        MessageAccepted first = partition.Do<MessageAccepted>(
            partition.Send("later", "m7") with { Due = new Due(1_000, 0) });
        partition.Do(partition.Send("later", "m8") with { Due = new Due(2_000, 0) });
        partition.Do(new CancelMessage(TestPartition.Service, first.Message));
        partition.Do(new CommitDelivery
        {
            Delivery = partition.Take("later")!.Delivery,
            Sends = [partition.Outgoing("far", "out", new PartitionId(9)) with { Due = new Due(3_000, 0) }],
            BodyHash = 100,
        });
        partition.Do(
            new PauseNode { Service = TestPartition.Service, Node = new Utf8Name("later"), Paused = true });
        partition.Tick(2_000);
    }

    /// <summary>What waits for calendar times and for durations, and a wall clock that steps.</summary>
    private static void WithClocks(TestPartition partition)
    {
        partition.StepMs = 3_600_000;
        partition.Do(partition.Send("waits", "m2") with { Due = new Due(500_000, 0), TtlMs = 1_000 });
        partition.Do(partition.Send("waits", "m3") with { Due = new Due(0, 900_000_000), TtlMs = 2_000 });
        partition.Do(partition.Put("kept", "value", ttlMs: 60_000), partition.Send("waits", "m4"));
        partition.Do(
            partition.Timer("waits", "every", "700"), partition.Timer("waits", "once", null, "ring", delayMs: 600));
        partition.Do<Committed>(new CommitDelivery
        {
            Delivery = partition.Take("waits")!.Delivery,
            Sends =
            [
                partition.Outgoing("far", "delayed", new PartitionId(9)) with
                {
                    Due = new Due(3_000, 0), TtlMs = 5_000
                },
                partition.Outgoing("far", "at", new PartitionId(9)) with
                {
                    Due = new Due(0, 900_000_000), TtlMs = 5_000
                },
            ],
            BodyHash = 7,
        });
        partition.Tick(1_000);
        partition.Do(partition.Timer("waits", "every", null, "last", delayMs: 100));
        partition.Tick(100);
        partition.Do(partition.Timer("m", "hourly", "3600000"));
        partition.StepMs = -500_000;
        partition.Tick(1);
    }

    /// <summary>What messages carry beside what was said: an end, hops, a reply; and timers.</summary>
    private static void WithMetadata(TestPartition partition)
    {
        partition.Do(partition.Send("asked", "m9") with { TtlMs = 1_000 });
        partition.Tick(1_000);
        partition.Do(partition.Send("asked", "m10") with { TtlMs = 90_000 }, partition.Send("asked", "m11"));
        partition.Do(new AcceptTransfer
        {
            Source = new PartitionId(5),
            SourceIncarnation = 0,
            Entries =
            [
                new OutboxEntry(new OutboxSequence(12, 1), partition.Outgoing("asked", "in") with
                {
                    Content = TestPartition.Content("x") with
                    {
                        Metadata = new MessageMetadata
                        {
                            Hops = 3, HopsMax = 9, ReplyTo = new MessageId(new PartitionId(9), new Revision(70), 2),
                        },
                    },
                }),
            ],
        });
        DeliveryGiven asked = partition.Take("asked", max: 3)!;
        partition.Do<Committed>(new CommitDelivery
        {
            Delivery = asked.Delivery,
            Replies =
            [
                new OutgoingReply(asked.Messages[0].Id, TestPartition.Content("here")),
                new OutgoingReply(asked.Messages[2].Id, TestPartition.Content("there"))
            ],
            Sends =
            [
                partition.Outgoing("next", "on") with { For = asked.Messages[1].Id, TtlMs = 70_000, HopsMax = 100 }
            ],
            Timers = [TestPartition.Change("every", "700"), TestPartition.Change("once", null, delayMs: 800)],
            BodyHash = 101,
        });
        partition.Tick(900);
        partition.Do(partition.Timer("asked", "gone", "700"));
        partition.Do(partition.Timer("asked", "gone", null, body: null));
    }

    private static void Compare(string name, IEnumerable<string> lines, [CallerFilePath] string here = "")
    {
        string path = Path.Combine(Path.GetDirectoryName(here)!, "..", "golden", name);
        string[] actual = [.. lines];
        if (Environment.GetEnvironmentVariable("GRAINS_UPDATE_GOLDEN") == "1")
        {
            File.WriteAllLines(path, actual);
        }

        Assert.Equal(File.ReadAllLines(path), actual);
    }
}
