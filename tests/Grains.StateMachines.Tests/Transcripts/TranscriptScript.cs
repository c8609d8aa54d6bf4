using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Tests.Partitions;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Transcripts;

/// <summary>
/// One partition that is told, line by line, what to do. What an answer names can be called by a name of the line.
/// </summary>
internal sealed class TranscriptScript
{
    private readonly TestPartition _partition = new(new MachineLimits());
    private readonly TranscriptWords _words = new();
    private readonly Dictionary<string, MessageId> _messages = [];
    private readonly Dictionary<string, DeliveryId> _deliveries = [];
    private readonly Dictionary<object, TranscriptLine> _waiting = [];
    private int _effects;

    /// <summary>What was appended, and what was answered, to this line and to those that waited.</summary>
    public string[] Run(string text)
    {
        var line = new TranscriptLine(text);
        string[] said = [.. Do(line)];
        Effect[] effects = [.. _partition.Effects()];
        string[] appended = [.. effects[_effects..].Select(e => $"append {_words.Say(e)}")];
        _effects = effects.Length;
        line.MustBeUsedUp();
        return [.. appended, .. said, .. Late()];
    }

    private IEnumerable<string> Do(TranscriptLine line)
    {
        switch (line.Verb)
        {
            case "tick":
                _partition.Tick(line.Number("ms"));
                return [];
            case "crash":
                _partition.Crash();
                return [];
            case "hand-over":
                _partition.HandOver();
                return [];
            case "outbox":
                return _partition.Machine
                    .ReadOutbox(new PartitionId((uint)line.Number("to")), 100, 1 << 20, _partition.Now)
                    .Select(_words.Say);
            case "receive":
                return Wait(line, Receive(line));
            case "reply":
                return Wait(
                    line, new GetReply(TestPartition.Service, Message(line)) { WaitMs = line.Number("wait", 0) });
            default:
                return [Named(line, _partition.Do(Command(line)))];
        }
    }

    private Receive Receive(TranscriptLine line) => _partition.Receive(
        line.Word("node", "")!, (int)line.Number("max", 1), line.Number("wait", 0), line.Number("lease", 30_000),
        (int)line.Number("attempts", 3));

    private Command Command(TranscriptLine line) => line.Verb switch
    {
        "send" => _partition.Send(
            line.Word("node"), line.Word("body"), (int)line.Number("limit", 100), line.Has("key")
                ? new IdempotencyKey((UInt128)line.Number("key"), 1)
                : null)
            with { Due = new Due(line.Number("delay", 0), line.Number("at", 0)), TtlMs = line.Number("ttl", 0) },
        "cancel" => new CancelMessage(TestPartition.Service, Message(line)),
        "message" => new GetMessage(TestPartition.Service, Message(line)),
        "pause" or "resume" =>
            new PauseNode { Service = TestPartition.Service, Node = Node(line), Paused = line.Verb == "pause" },
        "node" => new GetNode { Service = TestPartition.Service, Node = Node(line) },
        "dead-letters" =>
            new ListMessages { Service = TestPartition.Service, Node = Node(line), Dead = true, Limit = 10 },
        "retry" or "discard" => new SettleDeadLetter
        {
            Service = TestPartition.Service, Node = Node(line), Message = Message(line), Retry = line.Verb == "retry",
        },
        "timer" => _partition.Timer(
            line.Word("node"), line.Word("name"), line.Word("every", null), line.Has("off")
                ? null
                : line.Word("body", "tick"), line.Number("delay", 0)),
        "timers" => new ListTimers { Service = TestPartition.Service, Node = Node(line) },
        "renew" => new RenewDelivery(Delivery(line), line.Number("lease", 30_000)),
        "reject" => new RejectDelivery
        {
            Delivery = Delivery(line),
            DelayMs = line.Number("delay", 0),
            DeadLetter = line.Has("dead"),
            NotCounted = line.Has("uncounted"),
            Reason = line.Word("reason", null),
            Backoff = line.Has("backoff") ? new Backoff(line.Number("backoff"), line.Number("max"), 1000) : null,
        },
        "commit" => Commit(line),
        "accept" => new AcceptTransfer
        {
            Source = new PartitionId((uint)line.Number("from")),
            SourceIncarnation = 0,
            Entries = [new OutboxEntry(new OutboxSequence(line.Number("sequence"), 0), Outgoing(line))],
        },
        "clear" =>
            new ClearOutbox(new PartitionId((uint)line.Number("to")), new OutboxSequence(line.Number("sequence"), 0)),
        _ => throw new FormatException($"A transcript knows no \"{line.Verb}\"."),
    };

    private CommitDelivery Commit(TranscriptLine line) => new()
    {
        Delivery = Delivery(line),
        Acknowledge = line.Has("only") ? [Called(_messages, line, "only")] : null,
        State = line.Has("state") ? TranscriptWords.State(line.Word("state")) : null,
        Sends = line.Has("node") ? [Outgoing(line)] : [],
        Replies = line.Has("answer") ? [new OutgoingReply(null, TestPartition.Content(line.Word("answer")))] : [],
        Timers = line.Has("timer")
            ? [TestPartition.Change(line.Word("timer"), line.Word("every", null), delayMs: line.Number("delay", 0))]
            : [],
        BodyHash = (UInt128)line.Number("hash", 1),
    };

    private OutgoingMessage Outgoing(TranscriptLine line) => _partition.Outgoing(
        line.Word("node"), line.Word("body"), line.Has("partition")
            ? new PartitionId((uint)line.Number("partition"))
            : null);

    private IEnumerable<string> Wait(TranscriptLine line, Command command)
    {
        object ticket = _partition.Wait(command);
        line.Word("as", null);
        if (!_partition.Answers.ContainsKey(ticket))
        {
            // An attempt that must be recorded first takes a second batch.
            _partition.Tick(0);
        }

        if (_partition.Answers.Remove(ticket, out Answer? answer))
        {
            return [Named(line, answer)];
        }

        _waiting[ticket] = line;
        return [];
    }

    private IEnumerable<string> Late()
    {
        foreach ((object ticket, TranscriptLine asked) in _waiting.ToArray())
        {
            if (_partition.Answers.Remove(ticket, out Answer? answer))
            {
                _waiting.Remove(ticket);
                yield return $"{Named(asked, answer)}, to \"{asked.Text}\"";
            }
        }
    }

    private string Named(TranscriptLine line, Answer answer)
    {
        if (line.Word("as", null) is { } name)
        {
            switch (answer)
            {
                case MessageAccepted accepted:
                    _messages[name] = accepted.Message;
                    break;
                case DeliveryGiven given:
                    _deliveries[name] = given.Delivery;
                    _words.Names[$"{given.Delivery}"] = name;
                    foreach (MessageView message in given.Messages)
                    {
                        _messages.TryAdd(TestPartition.Body(message), message.Id);
                    }

                    break;
                default:
                    break;
            }
        }

        return _words.Say(answer);
    }

    private static Utf8Name Node(TranscriptLine line) => new(line.Word("node"));

    private MessageId Message(TranscriptLine line) => Called(_messages, line, "message");

    private DeliveryId Delivery(TranscriptLine line) => Called(_deliveries, line, "delivery");

    private static T Called<T>(Dictionary<string, T> all, TranscriptLine line, string what) =>
        all.TryGetValue(line.Word(what), out T? one)
            ? one
            : throw new FormatException($"\"{line.Text}\": no {what} is called so.");
}
