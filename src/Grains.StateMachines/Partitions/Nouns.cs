using System.Collections.Concurrent;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Explanations;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Outboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Partitions;

/// <summary>
/// The list: what a partition has, in the order in which time is asked for and those who wait are answered.
/// </summary>
/// <remarks>Each is asked what it has an answer of its own to, and nothing else: a turn may hold one command.</remarks>
internal sealed class Nouns
{
    private static readonly ConcurrentDictionary<(Type Noun, string Hook), bool> _overrides = new();

    private readonly Noun[] _all;
    private readonly Noun[] _due;
    private readonly Noun[] _stage;
    private readonly Noun[] _complete;
    private readonly Noun[] _commit;
    private readonly Noun[] _answer;
    private readonly Noun[] _hasWork;
    private readonly Noun[] _nextOn;
    private readonly Noun[] _wakeAt;
    private readonly Noun[] _hasSteppedBack;

    public Nouns(PartitionId id, PartitionState state, TimerSchedule schedule)
    {
        // What each holds.
        KeyTables keys = state.Add(new KeyTables(state));
        MailboxTables mail = state.Add(new MailboxTables(state));
        DeliveryTables deliveries = state.Add(new DeliveryTables(state));
        TimerTables timers = state.Add(new TimerTables(state, mail));
        ReplyTables replies = state.Add(new ReplyTables(state, mail));
        OutboxTables outbox = state.Add(new OutboxTables(state));

        // What is decided of it.
        var leases = new Leases(id, deliveries, mail);
        var keyRules = new KeyRules(keys);
        var nodeRules = new NodeRules(id, mail, leases);
        var nodeReads = new NodeReads(id, mail, leases);
        var outboxRules = new OutboxRules(id, outbox, nodeRules);
        var replyRules = new ReplyRules(id, replies, mail);
        outboxRules.Takers.Add(replyRules.Take);
        var firing = new TimerFiring(timers, leases, schedule);
        var timerRules = new TimerRules(id, timers, firing, schedule);
        var deliveryRules = new DeliveryRules(
            id, deliveries, leases, nodeRules, new CommitParts(mail, keyRules, replyRules, timerRules));

        _all =
        [
            new KeyspaceNoun(keys, keyRules, new KeyActionRules(keys, keyRules)),
            new MailboxNoun(id, mail, nodeRules, nodeReads),
            new OutboxNoun(outbox, outboxRules),
            new ReplyNoun(replyRules, new ReplyWaiters(replies, replyRules)),
            new TimerNoun(timers, timerRules, firing),
            new DeliveryNoun(leases, deliveryRules),
            new ExplanationNoun(id, mail, timers, leases, nodeReads, firing),
        ];
        Keys = keyRules;
        Outbox = outboxRules;
        Timers = firing;
        Array.ForEach(_all, n => n.Register(Rules));
        _due = With(nameof(Noun.Due));
        _stage = With(nameof(Noun.Stage));
        _complete = With(nameof(Noun.Complete));
        _commit = With(nameof(Noun.Commit));
        _answer = With(nameof(Noun.Answer));
        _hasWork = With(nameof(Noun.HasWork));
        _nextOn = With(nameof(Noun.NextOn));
        _wakeAt = With(nameof(Noun.WakeAtMs));
        _hasSteppedBack = With(nameof(Noun.HasSteppedBack));
    }

    public RuleBook Rules { get; } = new();

    public ReadOnlySpan<Noun> All => _all;

    // What the machine offers by name, beside commands.

    /// <summary>One key is read beside the loop.</summary>
    public KeyRules Keys { get; }

    /// <summary>The pump reads what is to be sent.</summary>
    public OutboxRules Outbox { get; }

    /// <summary>Timers are paused, and their troubles logged.</summary>
    public TimerFiring Timers { get; }

    // What a turn asks of those that answer; the words are those of Noun.

    public bool HaveWork
    {
        get
        {
            foreach (Noun noun in _hasWork)
            {
                if (noun.HasWork)
                {
                    return true;
                }
            }

            return false;
        }
    }

    public void Due(Draft draft)
    {
        foreach (Noun noun in _due)
        {
            noun.Due(draft);
        }
    }

    public void Stage(Draft draft)
    {
        foreach (Noun noun in _stage)
        {
            noun.Stage(draft);
        }
    }

    public void Complete(Draft draft)
    {
        foreach (Noun noun in _complete)
        {
            noun.Complete(draft);
        }
    }

    public void Commit(long nowMs, List<Reply> replies)
    {
        foreach (Noun noun in _commit)
        {
            noun.Commit(nowMs, replies);
        }
    }

    public void Answer(long nowMs, List<Reply> replies)
    {
        foreach (Noun noun in _answer)
        {
            noun.Answer(nowMs, replies);
        }
    }

    public bool HaveHandOver(long nowMs) => Array.Exists(_all, n => n.HasHandOver(nowMs));

    public bool HaveSteppedBack(in Moment now)
    {
        foreach (Noun noun in _hasSteppedBack)
        {
            if (noun.HasSteppedBack(now))
            {
                return true;
            }
        }

        return false;
    }

    public bool Cancel(object ticket) => Array.Exists(_all, n => n.Cancel(ticket));

    /// <summary>
    /// Where the clock stands when the first of what records hold is due; null = nothing waits for it.
    /// </summary>
    public long? NextOn(Timeline line)
    {
        long? first = null;
        foreach (Noun noun in _nextOn)
        {
            first = Earlier(first, noun.NextOn(line));
        }

        return first;
    }

    /// <summary>When something ends or is to be looked at that only memory knows.</summary>
    public long? WakeAtMs
    {
        get
        {
            long? first = null;
            foreach (Noun noun in _wakeAt)
            {
                first = Earlier(first, noun.WakeAtMs);
            }

            return first;
        }
    }

    public MachineStatistics Count(MachineStatistics statistics)
    {
        foreach (Noun noun in _all)
        {
            noun.Count(statistics);
        }

        return statistics;
    }

    private Noun[] With(string hook) => Array.FindAll(_all, n => _overrides.GetOrAdd(
        (n.GetType(), hook),
        static of => of.Noun.GetMember(of.Hook).Any(m => m.DeclaringType != typeof(Noun))));

    /// <summary>Null: never.</summary>
    private static long? Earlier(long? a, long? b) => a <= b || b is null ? a : b;
}
