using Grains.StateMachines.Batches;
using Grains.StateMachines.Checkpoints;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Outboxes;
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
    /// <summary>For what the format level of records is too low for, whatever noun it is of.</summary>
    private static readonly Rule _tooNew = new() { Decide = (command, draft) => command.Format.Refuse(draft.Level)! };

    private readonly PartitionState _state;
    private readonly Draft _draft;
    private readonly Nouns _nouns;
    private readonly Waits _waits;

    /// <summary>Held while the durable tables change: the one thing that <see cref="TryRead"/> must not meet.</summary>
    private readonly Lock _durable = new();

    /// <summary>Applying a record was cut short by a broken invariant: nothing is read from here again.</summary>
    private bool _isTorn;

    // The undecided batch, and what waits for its end.
    private readonly List<(Command Command, Rule Rule, Reply Reply)> _answered = [];
    private readonly List<(Request Request, Rule Rule)> _afterwards = [];
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
        _nouns = new Nouns(id, _state, schedule ?? TimerTimes.Unknown);
        _waits = new Waits(_state, _nouns);
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
        get => _nouns.Timers.IsPaused;
        set => _nouns.Timers.IsPaused = value;
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
    public bool HasWork => _nouns.HaveWork;

    /// <summary>What counts against the partition's budget, durable.</summary>
    public long StateBytes => _state.DurableTotals.Bytes;

    public MachineStatistics Statistics =>
        _nouns.Count(new MachineStatistics { Revision = Revision, Epoch = Epoch, Bytes = StateBytes });

    /// <summary>Partitions for which durable outbox entries wait.</summary>
    public IReadOnlyCollection<PartitionId> OutboxTargets => _nouns.Outbox.Targets();

    /// <summary>The oldest durable entries for one partition; the first always fits.</summary>
    public OutboxEntry[] ReadOutbox(PartitionId target, int entriesMax, int bytesMax, in Moment now) =>
        _nouns.Outbox.Read(target, entriesMax, bytesMax, now);

    /// <summary>
    /// When something must be decided even if nothing new is asked, in uptime, were the wall clock not to step; now or
    /// earlier: at once; null = never.
    /// </summary>
    /// <param name="now">By both clocks.</param>
    /// <param name="followsWallClock">It waits for a calendar time: that clock must be looked at, because it may
    /// step.</param>
    public long? WakeAt(in Moment now, out bool followsWallClock)
    {
        long? wakeAtMs = _waits.WakeAt(now, out followsWallClock);
        return HasWork || _nouns.HaveSteppedBack(now) ? Math.Min(wakeAtMs ?? now.UptimeMs, now.UptimeMs) : wakeAtMs;
    }

    /// <summary>Timers that turned out not to be able to fire here, each once; for the log.</summary>
    public TimerTrouble[] TakeTimerTroubles() => _nouns.Timers.TakeNews();

    /// <summary>One chunk of the checkpoint, in the order written.</summary>
    public void RestoreChunk(ReadOnlySpan<byte> chunk) => ChunkReader.Read(_state, chunk);

    /// <summary>The checkpoint's last chunk was read; it stood for everything up to here.</summary>
    public void RestoreDone(Revision at)
    {
        _state.Commit();
        Invariant.Holds(
            at.Value == _state.DurableTotals.Revision, $"a checkpoint at {at} holds r{_state.DurableTotals.Revision}");
    }

    /// <summary>One batch record, in order.</summary>
    public void Replay(Revision first, int count, ReadOnlySpan<byte> record) =>
        Draft.Replay(_state, first.Value, count, record);

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
        foreach (Noun noun in _nouns.All)
        {
            noun.Begin();
        }
    }

    /// <summary>
    /// The last batch of an owner that gives the partition up in good order: what is leased is recorded, so that the
    /// next owner honours it. Nothing to append where nothing is leased and nothing waits.
    /// </summary>
    public Decision DecideHandOver(in Moment now)
    {
        Invariant.Holds(_opened && !_deciding, "one undecided batch at a time, after recovery");
        _deciding = true;
        _draft.Begin(now);
        if (_nouns.HaveHandOver(_draft.NowMs))
        {
            foreach (Noun noun in _nouns.All)
            {
                noun.StageHandOver(_draft);
            }
        }
        else if (_draft.NowMs > UptimeMs && _nouns.NextOn(Timeline.Uptime) is not null)
        {
            // Nothing is leased; but what waits for the end of a duration is not to wait longer for the change of
            // owners.
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

    /// <summary>
    /// Takes the memory for the next batch's record, so that <see cref="Decide"/> need not find it half-way.
    /// </summary>
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
        _nouns.Due(_draft);
        _nouns.Stage(_draft);
        for (int i = 0; i < requests.Count; i++)
        {
            Request request = requests[i];
            Rule rule = request.Command.Format.Refuse(_draft.Level) is null ? _nouns.Rules[request.Command] : _tooNew;
            if (rule.Decide is null)
            {
                _afterwards.Add((request, rule));
            }
            else
            {
                _answered.Add((request.Command, rule, new Reply(request.Ticket, Write(request.Command, rule))));
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

        _nouns.Complete(_draft);
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
        foreach ((_, _, Reply reply) in _answered)
        {
            _replies.Add(reply);
        }

        _nouns.Commit(nowMs, _replies);
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
        foreach (Noun noun in _nouns.All)
        {
            noun.Drop(nowMs);
        }

        _replies.Clear();
        foreach ((Command command, Rule rule, Reply reply) in _answered)
        {
            _replies.Add(
                reply with
                {
                    Answer = Earlier(command, rule, nowMs)
                        ?? new Refused(Refusal.NotStored, $"Nothing was stored: {why}")
                });
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
        Answer answer = _nouns.Rules[command].Read!(command);
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
            if (!_opened || _isTorn || _nouns.Keys.Read(command) is not { } answer
                || answer is KeyFound { Entry.ExpiresAtMs: > 0 })
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
        _afterwards.RemoveAll(r => Equals(r.Request.Ticket, ticket)) > 0 || _nouns.Cancel(ticket);

    /// <summary>The durable state as it is now, to be written out by another thread. O(1), whatever the size.</summary>
    public StateSnapshot Capture() => new(_state);

    /// <summary>The command or its request is known already: the answer that it had, or why it has none.</summary>
    private Answer? Earlier(Command command, Rule rule, long nowMs) =>
        Judge(command, rule) ?? rule.Earlier?.Invoke(command, nowMs);

    private Answer? Judge(Command command, Rule rule) =>
        _state.Commands.Judge(command.Id, out AppliedCommand applied) switch
    {
        CommandVerdict.Applied => rule.Repeat?.Invoke(applied)
            ?? throw new InvalidOperationException($"A {command.GetType().Name} leaves nothing to repeat."),
        CommandVerdict.TooOld => new Refused(
            Refusal.CommandTooOld,
            $"Command {command.Id} is older than what is remembered; whether it was applied is not known. Read before "
            + "you repeat it.")
        {
            NewestIncarnation = _state.Commands.Newest,
        },
        _ => null,
    };

    private Answer Write(Command command, Rule rule) =>
        Judge(command, rule) ?? rule.Decide!(command, _draft);

    private void Finish(long nowMs)
    {
        _draft.Release();
        foreach ((Request request, Rule rule) in _afterwards)
        {
            if (rule.Wait is { } wait)
            {
                wait(request.Ticket, request.Command, nowMs, _replies);
            }
            else
            {
                _replies.Add(new Reply(request.Ticket, rule.Read!(request.Command)));
            }
        }

        _nouns.Answer(nowMs, _replies);

        foreach (Reply reply in _replies)
        {
            reply.Answer.At = Revision;
            reply.Answer.Incarnation = Incarnation;
        }

        _answered.Clear();
        _afterwards.Clear();
        _deciding = false;
    }
}
