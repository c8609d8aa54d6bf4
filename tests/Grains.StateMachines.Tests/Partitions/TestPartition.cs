using Grains.StateMachines.Batches;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Partitions;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Tests.Partitions;

/// <summary>A machine and the log that it was made from: what a loop and a journal do, without either.</summary>
internal sealed class TestPartition
{
    public static readonly KeyspaceId Keyspace = new(7);
    public static readonly ServiceId Service = new(8);

    private readonly List<(Revision First, int Count, byte[]? Record)> _log = [];
    private readonly List<(long AtMs, long Incarnation)> _acquired = [];
    private readonly MachineLimits _limits;
    private readonly List<byte[]> _checkpoint = [];
    private Revision _checkpointAt;
    private long _lostMs;
    private long _epoch;
    private long _ticket;

    public TestPartition(MachineLimits? limits = null, uint id = 3)
    {
        _limits = limits ?? new MachineLimits();
        Id = new PartitionId(id);
        Machine = Recover();
    }

    public PartitionId Id { get; }

    public PartitionMachine Machine { get; private set; }

    /// <summary>The monotonic clock of whoever owns the partition; the uptime, while nobody crashes.</summary>
    public long NowMs { get; set; } = 1_000_000;

    /// <summary>By how much the wall clock of the owner is off it.</summary>
    public long StepMs { get; set; }

    /// <summary>
    /// The uptime that went by between the last record and the crash, and while nobody owned it, does not count.
    /// </summary>
    public bool CrashesLoseUptime { get; init; }

    public Moment Now => new(NowMs + StepMs, NowMs - _lostMs);

    public long? WakeAtMs => Machine.WakeAt(Now, out _);

    /// <summary>Something must be decided even if nothing new is asked.</summary>
    public bool IsDue => WakeAtMs <= Now.UptimeMs;

    /// <summary>Answers by ticket, of receives that waited too.</summary>
    public Dictionary<object, Answer> Answers { get; } = [];

    public Answer Do(Command command) =>
        Do([command])[0] ?? throw new InvalidOperationException($"{command} was not answered");

    public T Do<T>(Command command)
        where T : Answer => Assert.IsType<T>(Do(command));

    public Refused Refuse(Command command, Refusal code)
    {
        Refused refused = Do<Refused>(command);
        Assert.Equal(code, refused.Code);
        return refused;
    }

    /// <summary>One batch; null for a receive that waits.</summary>
    public Answer?[] Do(params Command[] commands)
    {
        object[] tickets = [.. commands.Select(_ => (object)++_ticket)];
        Decision decision = Machine.Decide([.. commands.Select((c, i) => new Request(c, tickets[i]))], Now);
        Settle(decision);
        return [.. tickets.Select(t => Answers.GetValueOrDefault(t))];
    }

    /// <summary>One batch, of commands that are answered at once, in a process that has so much memory left.</summary>
    public Answer[] DoWithin(Room room, params Command[] commands)
    {
        object[] tickets = [.. commands.Select(_ => (object)++_ticket)];
        Settle(Machine.Decide([.. commands.Select((c, i) => new Request(c, tickets[i]))], Now, room));
        return [.. tickets.Select(t => Answers[t])];
    }

    /// <summary>A receive that may wait; its answer comes into <see cref="Answers"/>.</summary>
    public object Wait(Command receive)
    {
        object ticket = ++_ticket;
        Settle(Machine.Decide([new Request(receive, ticket)], Now));
        return ticket;
    }

    /// <summary>Time passes, and what it brings is decided.</summary>
    public void Tick(long ms)
    {
        NowMs += ms;
        do
        {
            Settle(Machine.Decide([], Now));
        }
        while (Machine.HasWork);
    }

    /// <summary>A batch that the journal refuses.</summary>
    public Answer?[] DoButDrop(params Command[] commands)
    {
        object[] tickets = [.. commands.Select(_ => (object)++_ticket)];
        Decision decision = Machine.Decide([.. commands.Select((c, i) => new Request(c, tickets[i]))], Now);
        Keep(decision.Changes > 0 ? Machine.Drop("the disk is full") : Machine.Commit());
        return [.. tickets.Select(t => Answers.GetValueOrDefault(t))];
    }

    public void Checkpoint()
    {
        StateSnapshot snapshot = Machine.Capture();
        _checkpointAt = snapshot.At;
        _checkpoint.Clear();
        _checkpoint.AddRange(snapshot.Chunks().Select(c => c.ToArray()));
    }

    /// <summary>The owner gives the partition up in good order, and another takes it over.</summary>
    public void HandOver()
    {
        WriteHandOver();
        Machine = Recover();
    }

    /// <summary>The last record of an owner, without what follows.</summary>
    public void WriteHandOver()
    {
        Decision decision = Machine.DecideHandOver(Now);
        if (decision.Changes > 0)
        {
            _log.Add((Machine.Revision.Next, decision.Changes, decision.Record.ToArray()));
        }

        Machine.CommitHandOver();
    }

    /// <summary>The owner dies; another takes over from what is durable.</summary>
    public void Crash() => Machine = Recover();

    /// <summary>What is durable goes on as another history, as after a restore.</summary>
    public void Fork() => Machine = Recover(forks: true);

    /// <summary>The whole durable state as bytes, without what names the owner.</summary>
    public static byte[] StateOf(PartitionMachine machine) =>
        [.. machine.Capture().Chunks().SelectMany(c => c.ToArray())];

    /// <summary>
    /// A machine made from the checkpoint (or from the first record) and the log, without a new epoch.
    /// </summary>
    public PartitionMachine Rebuild(bool fromCheckpoint)
    {
        var machine = new PartitionMachine(Id, _limits, Every);
        Revision from = Revision.None;
        if (fromCheckpoint && _checkpointAt > Revision.None)
        {
            _checkpoint.ForEach(c => machine.RestoreChunk(c));
            machine.RestoreDone(_checkpointAt);
            from = _checkpointAt;
        }

        long epoch = 0;
        foreach ((Revision first, int count, byte[]? record) in _log)
        {
            epoch += record is null ? 1 : 0;
            if (first <= from)
            {
                continue;
            }

            if (record is null)
            {
                machine.ReplayEpoch(
                    first, new Epoch(epoch), _acquired[(int)epoch - 1].Incarnation, _acquired[(int)epoch - 1].AtMs);
            }
            else
            {
                machine.Replay(first, count, record);
            }
        }

        return machine;
    }

    public IEnumerable<string> RecordsAsHex() =>
        _log.Where(r => r.Record is not null).Select(r => Convert.ToHexStringLower(r.Record!));

    /// <summary>What stands in the log, read by the codec.</summary>
    public IEnumerable<Effect> Effects()
    {
        PartitionState state = EmptyState();
        List<Effect> effects = [];
        foreach ((_, int count, byte[]? record) in _log.Where(r => r.Record is not null))
        {
            RecordReader from = RecordReader.Open(record, "record");
            from.Byte();
            for (int i = 0; i < 4; i++)
            {
                from.Varint();
            }

            for (int change = 0; change < count;)
            {
                byte kind = from.Byte();
                if (kind == Effect.EndOfChange)
                {
                    change++;
                }
                else
                {
                    effects.Add(state.ReadEffect(kind, ref from));
                }
            }
        }

        return effects;
    }

    /// <summary>One that knows all nouns.</summary>
    public PartitionState EmptyState()
    {
        var state = new PartitionState(_limits);
        _ = new Nouns(Id, state, TimerTimes.Unknown);
        return state;
    }

    public PutKey Put(
        string key, string value, Condition condition = default, long ttlMs = 0, CommandId id = default) => new()
    {
        Id = id,
        Keyspace = Keyspace,
        Key = new Utf8Name(key),
        Value = System.Text.Encoding.UTF8.GetBytes(value),
        Condition = condition,
        TtlMs = ttlMs,
    };

    public GetKey Get(string key) => new() { Keyspace = Keyspace, Key = new Utf8Name(key) };

    public DeleteKey Delete(string key, Condition condition = default) =>
        new() { Keyspace = Keyspace, Key = new Utf8Name(key), Condition = condition };

    public SendMessage Send(
        string node, string body, int mailboxLimit = 100, IdempotencyKey? key = null, CommandId id = default) => new()
    {
        Id = id,
        Service = Service,
        Node = new Utf8Name(node),
        Content = Content(body),
        MailboxLimit = mailboxLimit,
        IdempotencyKey = key,
    };

    public Receive Receive(string node, int max = 1, long waitMs = 0, long leaseMs = 30_000, int attempts = 3) => new()
    {
        Service = Service,
        ServiceName = "svc",
        Node = new Utf8Name(node),
        MaxMessages = max,
        WaitMs = waitMs,
        LeaseMs = leaseMs,
        MaxAttempts = attempts,
    };

    public OutgoingMessage Outgoing(string node, string body, PartitionId? to = null, int mailboxLimit = 100) => new()
    {
        Partition = to ?? Id,
        Service = Service,
        Node = new Utf8Name(node),
        Content = Content(body),
        MailboxLimit = mailboxLimit,
    };

    /// <summary>Receives, over as many batches as it takes; null = nothing to deliver.</summary>
    public DeliveryGiven? Take(string node, int max = 1, long leaseMs = 30_000, int attempts = 3)
    {
        object ticket = Wait(Receive(node, max, waitMs: 0, leaseMs, attempts));
        while (!Answers.ContainsKey(ticket))
        {
            Settle(Machine.Decide([], Now));
        }

        return Answers[ticket] as DeliveryGiven;
    }

    /// <summary>"700" fires at every multiple of 700 ms, "never" never, and everything else is not known.</summary>
    public static long Every(string cron, string? zone, long afterMs) =>
        long.TryParse(cron, out long ms) ? ((afterMs / ms) + 1) * ms
        : cron == "never" ? TimerTimes.Never
        : TimerTimes.NotKnown;

    public ChangeTimer Timer(string node, string name, string? cron, string? body = "tick", long delayMs = 0) => new()
    {
        Service = Service,
        Node = new Utf8Name(node),
        Timer = Change(name, cron, body, delayMs),
        MailboxLimit = 100,
    };

    public static TimerChange Change(string name, string? cron, string? body = "tick", long delayMs = 0) => new()
    {
        Name = new Utf8Name(name),
        Cron = cron,
        Due = new Due(delayMs, 0),
        Content = body is null ? null : Content(body),
    };

    public static MessageContent Content(string body) => new() { Body = System.Text.Encoding.UTF8.GetBytes(body) };

    public static string Body(MessageView message) => System.Text.Encoding.UTF8.GetString(message.Content.Body);

    public string? Value(string key) =>
        Do(Get(key)) is KeyFound found ? System.Text.Encoding.UTF8.GetString(found.Entry.Value) : null;

    private void Settle(Decision decision)
    {
        if (decision.Changes > 0)
        {
            _log.Add((Machine.Revision.Next, decision.Changes, decision.Record.ToArray()));
        }

        Keep(Machine.Commit());
    }

    private void Keep(IReadOnlyList<Reply> replies)
    {
        foreach (Reply reply in replies)
        {
            Assert.True(Answers.TryAdd(reply.Ticket, reply.Answer), "a ticket is answered once");
        }
    }

    private PartitionMachine Recover(bool forks = false)
    {
        PartitionMachine machine = Rebuild(fromCheckpoint: true);
        _epoch++;
        Revision at = machine.Revision.Next + (forks ? 1L << 32 : 0);
        long incarnation = machine.Incarnation + (forks ? 1 : 0);
        _log.Add((at, 1, null));
        _acquired.Add((NowMs + StepMs, incarnation));
        machine.ReplayEpoch(at, new Epoch(_epoch), incarnation, NowMs + StepMs);
        machine.Open();
        _lostMs = CrashesLoseUptime ? NowMs - machine.UptimeMs : _lostMs;
        return machine;
    }
}
