using System.Globalization;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Timers;

/// <summary>A timer of a node. Immutable: a change replaces it.</summary>
/// <param name="Owner">Its node.</param>
/// <param name="Key">Its node's number, and its name.</param>
/// <param name="Due">It fires then.</param>
/// <param name="Content">What it sends.</param>
internal sealed record TimerEntry(ScopedName Owner, NodeTimerKey Key, DueTime Due, MessageContent Content)
{
    /// <summary>What a timer costs beside its name and content, counted against the budget.</summary>
    public const int OverheadBytes = 400;

    /// <summary>Null = it fires once.</summary>
    public string? Cron { get; init; }

    public string? Zone { get; init; }

    /// <summary>The message of its last firing.</summary>
    public Place Last { get; init; }

    /// <summary>
    /// Its time has come, and the message of its last firing is still there: it fires when that is over.
    /// </summary>
    public bool IsHeld { get; init; }

    public TimerDueKey DueKey => new(Due.Line, Due.AtMs, Key);

    public long Bytes =>
        OverheadBytes + Key.Name.Length + (Cron?.Length ?? 0) + (Zone?.Length ?? 0) + Content.SizeBytes;

    /// <summary>What it sends at its time.</summary>
    /// <param name="now">Of the record in which it fires.</param>
    public MessageContent Message(in Moment now) => Content with
    {
        Headers =
        [
            .. Content.Headers,
            new MessageHeader(TimerView.NameHeader, Key.Name.ToString()),
            new MessageHeader(TimerView.DueHeader, DateTimeOffset.FromUnixTimeMilliseconds(Due.OnWall(now))
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        ],
    };
}

/// <summary>A timer by its node's number and its name.</summary>
internal readonly record struct NodeTimerKey(long Node, Utf8Name Name) : IComparable<NodeTimerKey>
{
    public int CompareTo(NodeTimerKey other) =>
        Node != other.Node ? Node.CompareTo(other.Node) : Name.CompareTo(other.Name);
}

/// <summary>A timer by when it fires.</summary>
internal readonly record struct TimerDueKey(Timeline Line, long AtMs, NodeTimerKey Timer) : IComparable<TimerDueKey>
{
    public static TimerDueKey FirstOf(Timeline line) => new(line, 0, default);

    public DueTime Due => new(AtMs, Line);

    public int CompareTo(TimerDueKey other)
    {
        int order = ((byte)Line).CompareTo((byte)other.Line);
        order = order != 0 ? order : AtMs.CompareTo(other.AtMs);
        return order != 0 ? order : Timer.CompareTo(other.Timer);
    }
}
