using System.Globalization;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Nodes;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Timers;

/// <summary>A timer of a node. Immutable: a change replaces it.</summary>
/// <param name="Owner">Its node.</param>
/// <param name="Key">Its node's number, and its name.</param>
/// <param name="DueMs">It fires then, ms since 1970.</param>
/// <param name="Content">What it sends.</param>
internal sealed record TimerEntry(ScopedName Owner, NodeTimerKey Key, long DueMs, MessageContent Content)
{
    /// <summary>What a timer costs beside its name and content, counted against the budget.</summary>
    public const int OverheadBytes = 400;

    /// <summary>Null = it fires once.</summary>
    public string? Cron { get; init; }

    public string? Zone { get; init; }

    /// <summary>The message of its last firing.</summary>
    public Place Last { get; init; }

    public TimerDueKey DueKey => new(DueMs, Key);

    public long Bytes => OverheadBytes + Key.Name.Length + (Cron?.Length ?? 0) + (Zone?.Length ?? 0) + Content.SizeBytes;

    /// <summary>What it sends at its time.</summary>
    public MessageContent Message() => Content with
    {
        Headers =
        [
            .. Content.Headers,
            new MessageHeader(TimerView.NameHeader, Key.Name.ToString()),
            new MessageHeader(TimerView.DueHeader, DateTimeOffset.FromUnixTimeMilliseconds(DueMs)
                .ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)),
        ],
    };
}

/// <summary>A timer by its node's number and its name.</summary>
internal readonly record struct NodeTimerKey(long Node, Utf8Name Name) : IComparable<NodeTimerKey>
{
    public int CompareTo(NodeTimerKey other) => Node != other.Node ? Node.CompareTo(other.Node) : Name.CompareTo(other.Name);
}

/// <summary>A timer by when it fires.</summary>
internal readonly record struct TimerDueKey(long AtMs, NodeTimerKey Timer) : IComparable<TimerDueKey>
{
    public int CompareTo(TimerDueKey other) => AtMs != other.AtMs ? AtMs.CompareTo(other.AtMs) : Timer.CompareTo(other.Timer);
}
