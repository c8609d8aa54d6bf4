using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Timers;

/// <summary>Sets or removes one of a node's timers.</summary>
[GenerateSerializer, Immutable, Alias("grains.timer-change")]
public sealed record TimerChange
{
    [Id(0)] public required Utf8Name Name { get; init; }

    /// <summary>It fires at the times that this names; null = once, at <see cref="Due"/>.</summary>
    [Id(1)] public string? Cron { get; init; }

    /// <summary>In which <see cref="Cron"/> is read: an IANA name; null = UTC.</summary>
    [Id(2)] public string? Zone { get; init; }

    [Id(3)] public Due Due { get; init; }

    /// <summary>What the node is sent then; null = the timer is removed.</summary>
    [Id(4)] public MessageContent? Content { get; init; }

    public int SizeBytes => 64 + Name.Length + (Cron?.Length ?? 0) + (Zone?.Length ?? 0) + (Content?.SizeBytes ?? 0);
}

/// <summary>From outside. Answered by <see cref="TimerChanged"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.change-timer")]
public sealed record ChangeTimer : NodeCommand
{
    [Id(0)] public required TimerChange Timer { get; init; }

    /// <summary>With more messages than this waiting in the mailbox a timer is not set.</summary>
    [Id(1)] public required int MailboxLimit { get; init; }

    public override int SizeBytes => 128 + Node.Length + Timer.SizeBytes;
}

/// <summary>The timers of a node, by name. Answered by <see cref="TimersFound"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.list-timers")]
public sealed record ListTimers : NodeCommand
{
    public override bool IsRead => true;
}

/// <summary>The timer is set or removed, at this revision.</summary>
/// <param name="Revision">Of the change.</param>
/// <param name="Created">There was none of that name.</param>
[GenerateSerializer, Immutable, Alias("grains.timer-changed")]
public sealed record TimerChanged([property: Id(0)] Revision Revision, [property: Id(1)] bool Created) : Answer;

/// <summary>All timers of a node, by name.</summary>
[GenerateSerializer, Immutable, Alias("grains.timers-found")]
public sealed record TimersFound([property: Id(0)] TimerView[] Timers) : Answer;

/// <summary>A timer as a person sees it.</summary>
[GenerateSerializer, Immutable, Alias("grains.timer-view")]
public sealed record TimerView
{
    /// <summary>Of a message that a timer sent: its name, and the time for which.</summary>
    public const string NameHeader = "grains-timer";
    public const string DueHeader = "grains-timer-due";

    [Id(0)] public required Utf8Name Name { get; init; }
    [Id(1)] public string? Cron { get; init; }
    [Id(2)] public string? Zone { get; init; }

    /// <summary>When it fires next, ms since 1970.</summary>
    [Id(3)] public required long DueMs { get; init; }
    [Id(4)] public required MessageContent Content { get; init; }

    /// <summary>The message of its last firing, if it is not over.</summary>
    [Id(5)] public MessageId? Pending { get; init; }

    /// <summary>Why it does not fire, though its time has come, or would not if it did; null = it will.</summary>
    [Id(6)] public string? Trouble { get; init; }
}
