using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// Decides everything that one partition is asked. Pure and synchronous: it never waits, reads a clock, draws a random
/// number, logs or touches a store. One batch at a time: <see cref="Decide"/>, then <see cref="Commit"/> or
/// <see cref="Drop"/>; nothing is decided on what is not durable yet, but for the batch's own effects.
/// </summary>
/// <remarks>
/// Life: checkpoint chunks (<see cref="RestoreChunk"/>, <see cref="RestoreDone"/>), records in order
/// (<see cref="Replay"/>, <see cref="ReplayEpoch"/>), the last being the own epoch record; <see cref="Open"/>; then
/// batches. Any exception is a broken invariant or a damaged record: the machine must not be used again.
/// </remarks>
public sealed class PartitionMachine
{
    private readonly PartitionState _state;
    private readonly Draft _draft;
    private readonly Deliveries _deliveries;
    private readonly KeyRules _keys;
    private readonly NodeRules _nodes;
    private readonly NodeReads _nodeReads;
    private readonly DeliveryRules _deliveryRules;
    private readonly OutboxRules _outbox;
    private readonly TimerRules _timers;
    private readonly TimerFiring _firing;
    private readonly ReplyRules _replyRules;
    private readonly ReplyWaiters _replyWaiters;
    private readonly Waits _waits;

    /// <summary>Held while the durable tables change: the one thing that <see cref="TryRead"/> must not meet.</summary>
    private readonly Lock _durable = new();

    /// <summary>Applying a record was cut short by a broken invariant: nothing is read from here again.</summary>
    private bool _isTorn;

    // The undecided batch, and what waits for its end.
    private readonly List<(Command Command, Reply Reply)> _answered = [];
    private readonly List<Request> _afterwards = [];
    private readonly List<Waiter> _over = [];
    private readonly List<(NodeActivity Node, long UntilMs)> _holds = [];
    private readonly List<Reply> _replies = [];
    private bool _deciding;
    private bool _opened;

    /// <param name="id">Which partition.</param>
    /// <param name="limits">What it accepts and remembers.</param>
    /// <param name="schedule">When timers fire; null for a machine that only replays.</param>
    public PartitionMachine(PartitionId id, MachineLimits limits, TimerSchedule? schedule = null)
    {
        Id = id;
        _state = new PartitionState(limits) { WriteThrough = true };
        _draft = new Draft(_state);
        _deliveries = new Deliveries(id, _state);
        _keys = new KeyRules(_state);
        _nodes = new NodeRules(id, _state, _deliveries);
        _firing = new TimerFiring(_state, _deliveries, schedule ?? TimerTimes.Unknown);
        _nodeReads = new NodeReads(id, _state, _deliveries, _firing);
        _replyRules = new ReplyRules(id, _state);
        _replyWaiters = new ReplyWaiters(_state, _replyRules);
        _timers = new TimerRules(id, _state, _firing, schedule ?? TimerTimes.Unknown);
        _deliveryRules = new DeliveryRules(
            id, _state, _deliveries, _nodes, new CommitParts(_state, _keys, _replyRules, _timers));
        _outbox = new OutboxRules(id, _state, _nodes, _replyRules);
        _waits = new Waits(_state, _nodes, _firing, () => Earlier(_deliveries.WakeAtMs, _replyWaiters.WakeAtMs));
    }

    public PartitionId Id { get; }

    /// <summary>Records are written at this level; all up to the newest are read.</summary>
    public int FormatLevel
    {
        get => _draft.FormatLevel;
        set => _draft.FormatLevel = value;
    }

    /// <summary>No timer fires while it is so; those whose time came meanwhile fire once, after it.</summary>
    public bool IsPaused
    {
        get => _firing.IsPaused;
        set => _firing.IsPaused = value;
    }

    /// <summary>Of the last durable record.</summary>
    public Revision Revision => new(_state.DurableTotals.Revision);

    public Epoch Epoch => new(_state.DurableTotals.Epoch);

    public long Incarnation => _state.DurableTotals.Incarnation;

    /// <summary>Of the last record; never falls. Ahead of the wall clock where an owner's was, once.</summary>
    public long LastRecordTimeMs => _state.DurableTotals.TimeMs;

    /// <summary>The partition's uptime at its last record: that of the next owner goes on from here.</summary>
    public long UptimeMs => _state.DurableTotals.UptimeMs;

    /// <summary>Something must be decided even if nothing new is asked.</summary>
    public bool HasWork => _deliveries.HasWork || _firing.HasWork;

    /// <summary>Something waits for a calendar time: the wall clock must be looked at, because it may step.</summary>
    public bool WaitsForWallClock => _waits.NextOn(Timeline.Wall) is not null;

    /// <summary>What counts against the partition's budget, durable.</summary>
    public long StateBytes => _state.DurableTotals.Bytes;

    public MachineStatistics Statistics => new()
    {
        Revision = Revision,
        Epoch = Epoch,
        Keys = _state.Keys.Count,
        Nodes = _state.Nodes.Count,
        Messages = _state.Messages.Count,
        OutboxEntries = _state.Outbox.Count,
        Bytes = StateBytes,
        OpenDeliveries = _deliveries.OpenCount,
        WaitingReceives = _deliveries.WaitingCount,
        Expired = _nodes.Expired,
        TimersUnreadable = _firing.UnreadableCount,
        TimersHeld = _state.TimersHeld.Count,
        TimersWithoutRoom = _firing.WaitingForRoomCount,
    };

    /// <summary>Partitions for which durable outbox entries wait.</summary>
    public IReadOnlyCollection<PartitionId> OutboxTargets => _state.Outbox.Count == 0 ? [] : _outbox.Targets();

    /// <summary>The oldest durable entries for one partition; the first always fits.</summary>
    public OutboxEntry[] ReadOutbox(PartitionId target, int entriesMax, int bytesMax, in Moment now) =>
        _outbox.Read(target, entriesMax, bytesMax, now);

    /// <summary>When time alone makes something happen, in uptime, were the wall clock not to step; null = never.</summary>
    public long? WakeAt(in Moment now) => _waits.WakeAt(now);

    /// <summary>Time demands something.</summary>
    public bool IsDue(in Moment now) => HasWork || WakeAt(now) <= now.UptimeMs || _firing.HasSteppedBack(now);

    /// <summary>Timers that turned out not to be able to fire here, each once; for the log.</summary>
    public TimerTrouble[] TakeTimerTroubles() => _firing.TakeNews();

    /// <summary>One chunk of the checkpoint, in the order written.</summary>
    public void RestoreChunk(ReadOnlySpan<byte> chunk) => ChunkReader.Read(_state, chunk);

    /// <summary>The checkpoint's last chunk was read; it stood for everything up to here.</summary>
    public void RestoreDone(Revision at)
    {
        _state.Commit();
        Invariant.Holds(at.Value == _state.DurableTotals.Revision, $"a checkpoint at {at} holds r{_state.DurableTotals.Revision}");
    }

    /// <summary>One batch record, in order.</summary>
    public void Replay(Revision first, int count, ReadOnlySpan<byte> record) => Draft.Replay(_state, first.Value, count, record);

    /// <summary>One epoch record, in order.</summary>
    public void ReplayEpoch(Revision at, Epoch epoch, long incarnation, long acquiredAtMs)
    {
        bool follows = at.Value == _state.Totals.Revision + 1 || incarnation > _state.Totals.Incarnation;
        Invariant.Holds(follows, $"epoch record {at} follows r{_state.Totals.Revision}");
        Invariant.Holds(epoch.Value > _state.Totals.Epoch, $"{epoch} follows e{_state.Totals.Epoch}");
        bool isFirst = _state.Totals.Epoch == 0;
        _state.Lost.Add(_state.Totals.Revision + 1, at.Value - 1);
        _state.Totals.Revision = at.Value;
        _state.Totals.Epoch = epoch.Value;
        _state.Totals.Incarnation = incarnation;
        _state.Totals.TimeMs = Math.Max(_state.Totals.TimeMs, acquiredAtMs);
        if (isFirst)
        {
            _state.Totals.WallMs = _state.Totals.TimeMs;
            _state.Totals.UptimeMs = _state.Totals.TimeMs;
        }

        _state.Commit();
    }

    /// <summary>Recovery is over: the last record was the own epoch record.</summary>
    public void Open()
    {
        Invariant.Holds(!_opened && Epoch.Value > 0, "a machine is opened once, after its epoch record");
        _opened = true;
        _state.WriteThrough = false;
        _state.Now = new Moment(_state.Totals.WallMs, _state.Totals.UptimeMs);
        _deliveries.Begin(Revision.Value, UptimeMs);
        _firing.Begin();
    }

    /// <summary>
    /// The last batch of an owner that gives the partition up in good order: what is leased is recorded, so that the next
    /// owner honours it. Nothing to append where nothing is leased and nothing waits.
    /// </summary>
    public Decision DecideHandOver(in Moment now)
    {
        Invariant.Holds(_opened && !_deciding, "one undecided batch at a time, after recovery");
        _deciding = true;
        _draft.Begin(now);
        if (_deliveries.HasHandOver(_draft.NowMs))
        {
            _deliveries.StageHandOver(_draft);
        }
        else if (_draft.NowMs > UptimeMs && _waits.NextOn(Timeline.Uptime) is not null)
        {
            // Nothing is leased; but what waits for the end of a duration is not to wait longer for the change of owners.
            _waits.StageNote(_draft);
        }
        else
        {
            return default;
        }

        return new Decision(_draft.Changes, _draft.Seal());
    }

    /// <summary>The last record is durable, or there was none: from now on nothing is answered from here.</summary>
    public void CommitHandOver()
    {
        Invariant.Holds(_deciding, "a hand-over was decided");
        lock (_durable)
        {
            _state.Commit();
            _opened = false;
        }
    }

    /// <summary>Takes the memory for the next batch's record, so that <see cref="Decide"/> need not find it half-way.</summary>
    public void Prepare(int recordBytes) => _draft.Prepare(recordBytes);

    /// <summary>
    /// Decides requests in order, and what time demands. Changes nothing durable and answers nothing yet. A batch in
    /// which nothing changes needs a confirmation of the ownership before <see cref="Commit"/>.
    /// </summary>
    /// <param name="requests">In the order in which they are decided.</param>
    /// <param name="now">By both clocks.</param>
    /// <param name="room">What the process has left for it; as much as the partition may, unless given.</param>
    public Decision Decide(IReadOnlyList<Request> requests, in Moment now, Room? room = null)
    {
        Invariant.Holds(_opened && !_deciding, "one undecided batch at a time, after recovery");
        _deciding = true;
        _state.Room = room ?? Room.Unlimited;
        _draft.Begin(now);
        _keys.Expire(_draft);
        _deliveries.Expire(_draft, _over);
        _nodes.Release(_draft);
        _nodes.Expire(_draft);
        _firing.Fire(_draft);
        _deliveries.Starts.StagePending(_draft);
        for (int i = 0; i < requests.Count; i++)
        {
            Request request = requests[i];
            if (request.Command.IsRead || request.Command is Receive or RenewDelivery or FindWork)
            {
                _afterwards.Add(request);
            }
            else
            {
                _answered.Add((request.Command, new Reply(request.Ticket, Write(request.Command))));
            }
        }

        if (_draft.Changes == 0 && _waits.MustNote(_draft.Now))
        {
            _waits.StageNote(_draft);
        }

        if (_draft.Changes == 0)
        {
            return default;
        }

        _deliveries.Starts.StageFirst(_draft);
        return new Decision(_draft.Changes, _draft.Seal());
    }

    /// <summary>
    /// The record is durable; or there was none, and the ownership is confirmed. Gives every answer that is now due,
    /// those of waiting receives among them. The list is valid until the next <see cref="Decide"/>.
    /// </summary>
    public IReadOnlyList<Reply> Commit()
    {
        Invariant.Holds(_deciding, "a batch was decided");
        long nowMs = _draft.NowMs;
        if (_draft.Changes > 0)
        {
            lock (_durable)
            {
                _isTorn = true;
                _state.Commit();
                _isTorn = false;
            }
        }
        else
        {
            _state.Drop();
        }

        _replies.Clear();
        foreach ((_, Reply reply) in _answered)
        {
            _replies.Add(reply);
        }

        _deliveries.Commit(nowMs, _replies);
        foreach ((NodeActivity node, long untilMs) in _holds)
        {
            _deliveries.Hold(node, untilMs);
        }

        Finish(nowMs);
        return _replies;
    }

    /// <summary>
    /// The journal refused the record: nothing of it will ever be durable. Writes are refused whatever they came to,
    /// because they saw each other, but for repeats of what was durable before; reads are answered. Call after the
    /// ownership was confirmed.
    /// </summary>
    public IReadOnlyList<Reply> Drop(string why)
    {
        Invariant.Holds(_deciding, "a batch was decided");
        long nowMs = _draft.NowMs;
        _state.Drop();
        _nodes.Drop();
        _firing.Drop();
        _deliveries.Drop(nowMs);
        _replies.Clear();
        foreach ((Command command, Reply reply) in _answered)
        {
            _replies.Add(reply with { Answer = Earlier(command, nowMs) ?? new Refused(Refusal.NotStored, $"Nothing was stored: {why}") });
        }

        Finish(nowMs);
        return _replies;
    }

    /// <summary>
    /// A read of the durable state as it is, whatever is being decided, and whoever owns the partition by now. Between
    /// two turns of the loop only.
    /// </summary>
    public Answer ReadDurable(Command command)
    {
        Invariant.Holds(_opened && command.IsRead, "a machine that serves is read");
        Answer answer = Read(command);
        answer.At = Revision;
        answer.Incarnation = Incarnation;
        return answer;
    }

    /// <summary>
    /// Reads one key from the durable state, beside whatever is being decided: the one member for any thread. The
    /// ownership must have been confirmed after the command came and before this call. Null = ask in a batch: the key
    /// ends at a time, and only a batch knows what time it is.
    /// </summary>
    public Answer? TryRead(GetKey command)
    {
        lock (_durable)
        {
            if (!_opened || _isTorn || _keys.Read(command) is not { } answer || answer is KeyFound { Entry.ExpiresAtMs: > 0 })
            {
                return null;
            }

            answer.At = Revision;
            answer.Incarnation = Incarnation;
            return answer;
        }
    }

    /// <summary>
    /// The caller of a receive went away: it is answered no more, also if the batch that it came with is undecided.
    /// False if it was not waiting.
    /// </summary>
    public bool Cancel(object ticket) =>
        _afterwards.RemoveAll(r => Equals(r.Ticket, ticket)) > 0 || _deliveries.Cancel(ticket) || _replyWaiters.Cancel(ticket);

    /// <summary>The durable state as it is now, to be written out by another thread. O(1), whatever the size.</summary>
    public StateSnapshot Capture() => new(_state);

    /// <summary>The command or its request is known already: the answer that it had, or why it has none.</summary>
    private Answer? Earlier(Command command, long nowMs) => Judge(command) ?? command switch
    {
        SendMessage send => _nodes.Repeat(send, nowMs),
        CommitDelivery commit => _deliveryRules.Repeat(commit),
        _ => null,
    };

    private static long? Earlier(long? a, long? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);

    private Answer? Judge(Command command) => _state.Commands.Judge(command.Id, out AppliedCommand applied) switch
    {
        CommandVerdict.Applied => Repeats.Answer(command, applied, Id),
        CommandVerdict.TooOld => new Refused(
            Refusal.CommandTooOld,
            $"Command {command.Id} is older than what is remembered; whether it was applied is not known. Read before you repeat it.")
        {
            NewestIncarnation = _state.Commands.Newest,
        },
        _ => null,
    };

    private Answer Write(Command command)
    {
        if ((Judge(command) ?? command.Format.Refuse(_draft.Level)) is { } known)
        {
            return known;
        }

        return command switch
        {
            PutKey put => _keys.Decide(put, _draft),
            DeleteKey delete => _keys.Decide(delete, _draft),
            SendMessage send => _nodes.Decide(send, _draft),
            CommitDelivery commit => _deliveryRules.Decide(commit, _draft),
            RejectDelivery reject => _deliveryRules.Decide(reject, _draft, _holds),
            AcceptTransfer transfer => _outbox.Decide(transfer, _draft),
            ClearOutbox clear => _outbox.Decide(clear, _draft),
            PutState put => _nodes.Decide(put, _draft),
            SettleDeadLetter settle => _nodes.Decide(settle, _draft),
            SettleDeadLetters settle => _nodes.Decide(settle, _draft),
            PurgeNode purge => _nodes.Decide(purge, _draft),
            CancelMessage cancel => _nodes.Decide(cancel, _draft),
            PauseNode pause => _nodes.Decide(pause, _draft),
            ChangeTimer change => _timers.Decide(change, _draft),
            DropKeyspace drop => _keys.Decide(drop, _draft),
            DropService drop => _nodes.Decide(drop, _draft),
            _ => throw new InvalidOperationException($"No rule decides a {command.GetType().Name}."),
        };
    }

    private Answer Read(Command command) => command switch
    {
        GetKey get => _keys.Read(get),
        ListKeys list => _keys.Read(list),
        GetNode get => _nodeReads.Read(get),
        ExplainNode explain => _nodeReads.Read(explain),
        ListNodes list => _nodeReads.Read(list),
        ListMessages list => _nodeReads.Read(list),
        GetMessage get => _nodeReads.Read(get),
        FindOldest find => _nodeReads.Read(find),
        ListTimers list => _timers.Read(list),
        GetReply get => _replyRules.Read(get),
        _ => throw new InvalidOperationException($"No rule answers a {command.GetType().Name}."),
    };

    private void Finish(long nowMs)
    {
        _draft.Release();
        foreach (Request request in _afterwards)
        {
            switch (request.Command)
            {
                case Receive receive:
                    _deliveries.Add(request.Ticket, receive, nowMs);
                    break;
                case FindWork find:
                    _deliveries.Work.Add(request.Ticket, find, nowMs, _replies);
                    break;
                case GetReply get:
                    _replyWaiters.Add(request.Ticket, get, nowMs, _replies);
                    break;
                case RenewDelivery renew:
                    _replies.Add(new Reply(request.Ticket, _deliveryRules.Renew(renew, nowMs)));
                    break;
                default:
                    _replies.Add(new Reply(request.Ticket, Read(request.Command)));
                    break;
            }
        }

        _replyWaiters.Answer(nowMs, _replies);
        _deliveries.Deliver(nowMs, _replies, _over);
        foreach (Waiter waiter in _over)
        {
            _replies.Add(new Reply(waiter.Ticket, new NothingToDeliver()));
        }

        foreach (Reply reply in _replies)
        {
            reply.Answer.At = Revision;
            reply.Answer.Incarnation = Incarnation;
        }

        _answered.Clear();
        _afterwards.Clear();
        _over.Clear();
        _holds.Clear();
        _deciding = false;
    }
}
