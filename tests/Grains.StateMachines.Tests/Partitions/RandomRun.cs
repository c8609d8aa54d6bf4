using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>
/// A seeded workload over two partitions that send to each other, with refused records, crashes, checkpoints, repeats
/// and passing time; and a plain model of what must come out of it.
/// </summary>
internal sealed class RandomRun
{
    private const int _steps = 600;

    private readonly Random _random;
    private readonly TestPartition[] _partitions;
    private readonly MachineLimits _limits = new()
    {
        SweepMax = 5, CommandWindow = 64, RememberedCommitsMax = 8, IdempotencyKeysMax = 40, RepliesMax = 6,
        ReplyMsMax = 20_000,
    };
    private readonly RandomActions _actions;
    private readonly HashSet<string> _mayExpire = [];
    private readonly Dictionary<(uint Partition, string Key), (string Value, Revision Version)> _keys = [];
    private readonly List<(TestPartition Partition, DeliveryGiven Delivery)> _deliveries = [];
    private readonly Dictionary<string, int> _sent = [];
    private readonly Dictionary<string, int> _processed = [];
    private readonly Dictionary<string, Revision>[] _tokens = [[], []];
    private long _command;
    private int _body;

    public RandomRun(int seed)
    {
        _random = new Random(seed);
        _partitions = [new TestPartition(_limits, id: 0), new TestPartition(_limits, id: 1)];
        _actions = new RandomActions(_random);
    }

    public int Commits { get; private set; }

    public void Run()
    {
        for (int step = 0; step < _steps; step++)
        {
            TestPartition partition = _partitions[_random.Next(2)];
            Step(partition);
            if (_random.Next(40) == 0)
            {
                CheckReplay(partition);
            }
        }

        Drain();
        Array.ForEach(_partitions, CheckReplay);
        CheckKeys();
        Array.ForEach(_partitions, _actions.Check);
        CheckMessages();
    }

    private void Step(TestPartition partition)
    {
        switch (_random.Next(100))
        {
            case < 20:
                PutOrDelete(partition, drop: _random.Next(6) == 0);
                break;
            case < 25:
                _actions.Step(partition, drop: _random.Next(6) == 0);
                break;
            case < 50:
                Send(partition, drop: _random.Next(6) == 0);
                break;
            case < 65:
                Receive(partition);
                break;
            case < 85:
                EndSome();
                break;
            case < 90:
                Transfer(partition);
                break;
            case < 92:
                partition.StepMs = _random.Next(8) == 0 ? _random.Next(-200_000, 200_000) : partition.StepMs;
                partition.Tick(_random.Next(3_000));
                break;
            case < 93:
                Pause(partition, _random.Next(2) == 0);
                break;
            case < 94:
                if (_random.Next(2) == 0)
                {
                    ChangeTimer(partition);
                }
                else
                {
                    Churn(partition);
                }

                break;
            case < 97:
                partition.Checkpoint();
                break;
            default:
                if (_random.Next(2) == 0)
                {
                    partition.HandOver();
                }
                else
                {
                    partition.Crash();
                }

                break;
        }
    }

    private void PutOrDelete(TestPartition partition, bool drop)
    {
        string key = $"k{_random.Next(8)}";
        bool known = _keys.TryGetValue((partition.Id.Value, key), out (string Value, Revision Version) present);
        bool stale = _random.Next(4) == 0;
        Condition condition = stale
            ? Condition.IfVersion(present.Version + 1) : known ? Condition.IfVersion(present.Version)
            : Condition.IfAbsent;
        string value = $"v{++_body}";
        Command command = _random.Next(5) == 0
            ? partition.Delete(key, condition)
            : partition.Put(key, value, condition, id: new CommandId(1L << 30, ++_command));
        Answer answer = (drop ? partition.DoButDrop(command) : partition.Do([command]))[0]!;
        switch (answer)
        {
            case KeyWritten written:
                Assert.False(stale || drop);
                if (command is DeleteKey)
                {
                    _keys.Remove((partition.Id.Value, key));
                }
                else
                {
                    _keys[(partition.Id.Value, key)] = (value, written.Version);
                    Assert.Equal(written with { At = default }, partition.Do(command) with { At = default });
                }

                break;
            case Refused { Code: Refusal.VersionMismatch } refused:
                Assert.Equal(present.Version, refused.Current);
                break;
            case Refused refused:
                // A refusal that says nothing of versions was either dropped, or named a key that is not there.
                Assert.True(refused.Code == Refusal.NotStored ? drop : !known, refused.Detail);
                break;
        }
    }

    private void Send(TestPartition partition, bool drop)
    {
        string body = $"m{++_body}";
        var key = new IdempotencyKey((UInt128)_body, 1);
        SendMessage send = partition.Send($"n{_random.Next(4)}", body, key: key) with
        {
            Due = _random.Next(4) == 0 ? new Due(_random.Next(4_000), 0) : default,
            TtlMs = _random.Next(5) == 0 ? 1 + _random.Next(4_000) : 0,
        };
        if (send.TtlMs > 0)
        {
            _mayExpire.Add(body);
        }

        if (drop)
        {
            Assert.IsType<Refused>(partition.DoButDrop(send)[0]);
            if (_random.Next(2) == 0)
            {
                return;
            }
        }

        Answer?[] answers = _random.Next(3) == 0 ? partition.Do(send, send) : partition.Do([send]);
        if (answers[0] is MessageAccepted accepted)
        {
            _sent[body] = 1;
            if (_random.Next(10) == 0
                && partition.Do(new CancelMessage(TestPartition.Service, accepted.Message)) is Done)
            {
                _sent.Remove(body);
            }
        }
    }

    private void Receive(TestPartition partition)
    {
        // The empty name: any node.
        string asked = _random.Next(3) == 0 ? "" : $"n{_random.Next(4)}";
        if (partition.Take(asked, max: 1 + _random.Next(3), leaseMs: 2_000, attempts: 1_000) is { } delivery)
        {
            string node = delivery.Messages[0].Node.ToString();
            Dictionary<string, Revision> tokens = _tokens[partition.Id.Value];
            Assert.True(delivery.Token.Value > tokens.GetValueOrDefault(node).Value, "tokens of a node grow");
            tokens[node] = new Revision(delivery.Token.Value);
            _deliveries.Add((partition, delivery));
        }
    }

    private void EndSome()
    {
        if (_deliveries.Count == 0)
        {
            return;
        }

        int at = _random.Next(_deliveries.Count);
        (TestPartition partition, DeliveryGiven delivery) = _deliveries[at];
        if (_random.Next(5) == 0)
        {
            partition.Do(new RejectDelivery
            {
                Delivery = delivery.Delivery,
                DelayMs = _random.Next(500),
                Backoff = _random.Next(2) == 0 ? null : new Backoff(_random.Next(50), 500, _random.Next(1_001)),
                NotCounted = _random.Next(2) == 0,
            });
            return;
        }

        // Some deliveries are committed again later: a late one changes nothing.
        if (_random.Next(3) > 0)
        {
            _deliveries.RemoveAt(at);
        }

        MessageView[] acknowledged = _random.Next(3) == 0 ? [delivery.Messages[0]] : delivery.Messages;
        string sent = $"m{++_body}";
        CommitDelivery commit = Commit(partition, delivery, acknowledged, sent);
        if (commit.Sends is [{ TtlMs: > 0 }])
        {
            _mayExpire.Add(sent);
        }

        if (_random.Next(6) == 0)
        {
            Assert.IsType<Refused>(partition.DoButDrop(commit)[0]);
        }

        if (partition.Do(commit) is not Committed committed)
        {
            return;
        }

        Assert.False(committed.Repeated);
        Assert.True(partition.Do<Committed>(commit).Repeated);
        Commits++;
        CheckReply(partition, delivery.Messages.First(m => m.Id == acknowledged[^1].Id), commit);
        if (commit.Sends.Length > 0)
        {
            _sent[sent] = 1;
        }

        foreach (MessageView message in acknowledged)
        {
            string body = Body(partition, message);
            _processed[body] = _processed.GetValueOrDefault(body) + 1;
        }
    }

    private CommitDelivery Commit(
        TestPartition partition, DeliveryGiven delivery, MessageView[] acknowledged, string sent)
    {
        bool far = _random.Next(2) == 0;
        bool sends = _random.Next(3) == 0;
        return new CommitDelivery
        {
            Delivery = delivery.Delivery,
            Acknowledge = [.. acknowledged.Select(m => m.Id)],
            State = new StateChange([(byte)_random.Next(256)], null),
            Sends = !sends
                ? []
                : [partition.Outgoing("n0", sent, to: far ? _partitions[1 - partition.Id.Value].Id : partition.Id) with
            {
                Due = _random.Next(3) == 0 ? new Due(_random.Next(4_000), 0) : default,
                TtlMs = _random.Next(5) == 0 ? 1 + _random.Next(9_000) : 0,
                HopsMax = 1_000,
                For = _random.Next(2) == 0 ? acknowledged[0].Id : null,
            }],
            Replies = _random.Next(3) == 0 ? [] : [new OutgoingReply(acknowledged[^1].Id, TestPartition.Content(sent))],
            Timers = _random.Next(4) > 0
                ? []
                : [TestPartition.Change($"t{_random.Next(3)}", $"{300 + _random.Next(900)}")],
            BodyHash = (UInt128)_body,
        };
    }

    /// <summary>
    /// A reply is there at once if it was to a message of this partition, unless its message had one already.
    /// </summary>
    private static void CheckReply(TestPartition partition, MessageView message, CommitDelivery commit)
    {
        if (commit.Replies.Length > 0 && message.Content.Metadata?.ReplyTo is null)
        {
            ReplyFound found = partition.Do<ReplyFound>(
                new GetReply(TestPartition.Service, message.Id) { WaitMs = 5_000 });
            Assert.Equal(ReplyStatus.Replied, found.Status);
            Assert.Equal(commit.Replies[0].Content.Body, found.Content!.Body);
        }
    }

    private void ChangeTimer(TestPartition partition)
    {
        string? body = _random.Next(3) == 0 ? null : "tick";
        string? cron = _random.Next(4) == 0 ? null : $"{200 + _random.Next(900)}";
        ChangeTimer change = partition.Timer(
            $"n{_random.Next(4)}", $"t{_random.Next(3)}", cron, body, 1 + _random.Next(2_000));
        if (partition.Do(change) is Refused refused)
        {
            Assert.Equal((Refusal.NotFound, null), (refused.Code, body));
        }
    }

    /// <summary>Nodes that come and go whole, with everything that they have; nothing of them is counted.</summary>
    private void Churn(TestPartition partition)
    {
        string node = $"z{_random.Next(3)}";
        switch (_random.Next(5))
        {
            case 0:
                partition.Do<TimerChanged>(partition.Timer(node, $"t{_random.Next(3)}", $"{200 + _random.Next(900)}"));
                break;
            case 1:
                MessageId id = partition.Do<MessageAccepted>(
                    partition.Send(node, "churn") with { TtlMs = _random.Next(2) * 700 }).Message;
                partition.Wait(new GetReply(TestPartition.Service, id) { WaitMs = 1_000 });
                break;
            case 2:
                partition.Take(node, leaseMs: 500);
                break;
            default:
                Answer purged = partition.Do(new PurgeNode
                {
                    Service = TestPartition.Service, Node = new Utf8Name(node), WithState = _random.Next(2) == 0,
                });
                Assert.True(purged is Purged or Refused { Code: Refusal.NotFound });
                break;
        }
    }

    private void RemoveTimers(TestPartition partition, string node)
    {
        if (partition.Do(
            new ListTimers { Service = TestPartition.Service, Node = new Utf8Name(node) }) is TimersFound found)
        {
            Assert.All(
                found.Timers,
                t => partition.Do<TimerChanged>(partition.Timer(node, t.Name.ToString(), null, body: null)));
        }
    }

    private void Pause(TestPartition partition, bool paused) => partition.Do<Done>(
        new PauseNode { Service = TestPartition.Service, Node = new Utf8Name($"n{_random.Next(4)}"), Paused = paused });

    private void Transfer(TestPartition source)
    {
        foreach (PartitionId target in source.Machine.OutboxTargets)
        {
            OutboxEntry[] entries = source.Machine.ReadOutbox(target, 1 + _random.Next(5), 1 << 20, source.Now);
            var transfer = new AcceptTransfer { Source = source.Id, SourceIncarnation = 0, Entries = entries };
            TransferAccepted accepted = _partitions[target.Value].Do<TransferAccepted>(transfer);
            if (_random.Next(3) > 0)
            {
                source.Do<Done>(new ClearOutbox(target, accepted.UpTo));
            }
        }
    }

    /// <summary>Everything that is left is processed.</summary>
    private void Drain()
    {
        foreach (TestPartition partition in _partitions)
        {
            for (int node = 0; node < 4; node++)
            {
                partition.Do<Done>(
                    new PauseNode { Service = TestPartition.Service, Node = new Utf8Name($"n{node}"), Paused = false });
                RemoveTimers(partition, $"n{node}");
            }
        }

        foreach (TestPartition partition in _partitions)
        {
            for (int node = 0; node < 3; node++)
            {
                partition.Do(
                    new PurgeNode
                    {
                        Service = TestPartition.Service, Node = new Utf8Name($"z{node}"), WithState = true
                    });
            }
        }

        for (int round = 0; _partitions.Any(
            p => p.Machine.Statistics is not { Messages: 0, OutboxEntries: 0 }); round++)
        {
            Assert.True(round < 1_000, "the mailboxes drain");
            foreach (TestPartition partition in _partitions)
            {
                partition.Tick(3_000);
                Transfer(partition);
                for (int node = 0; node < 4; node++)
                {
                    if (partition.Take($"n{node}", max: 10, attempts: 1_000) is { } delivery)
                    {
                        partition.Do<Committed>(
                            new CommitDelivery { Delivery = delivery.Delivery, BodyHash = (UInt128)(++_body) });
                        foreach (MessageView message in delivery.Messages)
                        {
                            string body = Body(partition, message);
                            _processed[body] = _processed.GetValueOrDefault(body) + 1;
                        }
                    }
                }
            }
        }
    }

    /// <summary>Of a timer's message, for which time it is: no time of a timer comes twice.</summary>
    private string Body(TestPartition partition, MessageView message)
    {
        MessageHeader[] timer =
        [
            .. message.Content.Headers.Where(h => h.Name.StartsWith("grains-timer", StringComparison.Ordinal))
        ];
        if (timer.Length == 0)
        {
            return TestPartition.Body(message);
        }

        string tick = $"tick {partition.Id} {message.Node} {timer[0].Value} {timer[1].Value}";
        _mayExpire.Add(tick);
        return tick;
    }

    private static void CheckReplay(TestPartition partition)
    {
        byte[] live = TestPartition.StateOf(partition.Machine);
        Assert.Equal(live, TestPartition.StateOf(partition.Rebuild(fromCheckpoint: false)));
        Assert.Equal(live, TestPartition.StateOf(partition.Rebuild(fromCheckpoint: true)));
    }

    private void CheckKeys()
    {
        foreach (TestPartition partition in _partitions)
        {
            for (int k = 0; k < 8; k++)
            {
                string? expected = _keys.TryGetValue(
                    (partition.Id.Value, $"k{k}"), out (string Value, Revision Version) known)
                    ? known.Value
                    : null;
                Assert.Equal(expected, partition.Value($"k{k}"));
            }
        }
    }

    private void CheckMessages()
    {
        _processed.Remove("churn");
        Assert.Equal(_sent.Keys.Except(_mayExpire).Order(), _processed.Keys.Except(_mayExpire).Order());
        Assert.All(_processed, p => Assert.Equal(1, p.Value));
    }
}
