using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>The message is durable. <see cref="Repeated"/>: it was, since an earlier send with the same key.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-accepted")]
public sealed record MessageAccepted([property: Id(0)] MessageId Message, [property: Id(1)] bool Repeated) : Answer;

/// <summary>Where a message is now.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-found")]
public sealed record MessageFound([property: Id(0)] MessageStatus Status, [property: Id(1)] MessageView? Message)
    : Answer;

/// <summary>What can be said of a message id.</summary>
public enum MessageStatus
{
    /// <summary>In the mailbox.</summary>
    Waiting = 1,

    /// <summary>Handed out under a lease.</summary>
    Delivered = 2,

    /// <summary>A dead letter: waits for a person.</summary>
    Dead = 3,

    /// <summary>Acknowledged, discarded or purged: the partition no longer keeps it.</summary>
    Finished = 4,

    /// <summary>Accepted, and its time has not come.</summary>
    Delayed = 5,
}

/// <summary>A message as a handler or a person sees it.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-view")]
public sealed record MessageView
{
    [Id(0)] public required MessageId Id { get; init; }
    [Id(1)] public required MessageContent Content { get; init; }

    /// <summary>Starts so far; in a delivery, this one included.</summary>
    [Id(2)] public int Attempts { get; init; }

    /// <summary>Ms since 1970, by the wall clock of the owner then.</summary>
    [Id(3)] public long AcceptedAtMs { get; init; }

    /// <summary>For dead letters.</summary>
    [Id(4)] public string? Reason { get; init; }

    [Id(5)] public required Utf8Name Node { get; init; }

    /// <summary>Its time comes then, ms since 1970; 0 = it waits already.</summary>
    [Id(6)] public long DueMs { get; init; }
}

/// <summary>A node as it is.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-found")]
public sealed record NodeFound([property: Id(0)] NodeView Node) : Answer;

/// <summary>What a node holds.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-view")]
public sealed record NodeView
{
    [Id(0)] public required Utf8Name Node { get; init; }
    [Id(1)] public int Waiting { get; init; }
    [Id(2)] public int Dead { get; init; }
    [Id(3)] public int Delivered { get; init; }

    /// <summary>Null = no state, or not asked for.</summary>
    [Id(4)] public byte[]? State { get; init; }
    [Id(5)] public string? StateContentType { get; init; }

    /// <summary><see cref="Revision.None"/> = no state.</summary>
    [Id(6)] public Revision StateVersion { get; init; }
    [Id(7)] public int StateBytes { get; init; }

    /// <summary>Messages whose time has not come.</summary>
    [Id(8)] public int Delayed { get; init; }

    /// <summary>Nothing of it is handed out.</summary>
    [Id(9)] public bool Paused { get; init; }
    [Id(10)] public int Timers { get; init; }
}

/// <summary>The node's state was set or removed, at this revision.</summary>
[GenerateSerializer, Immutable, Alias("grains.state-written")]
public sealed record StateWritten([property: Id(0)] Revision Version, [property: Id(1)] bool Created) : Answer;

/// <summary>One page of a node's messages, in order.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-page")]
public sealed record MessagePage([property: Id(0)] MessageView[] Messages, [property: Id(1)] bool More) : Answer;

/// <summary>One page of nodes, in order.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-page")]
public sealed record NodePage([property: Id(0)] NodeView[] Nodes, [property: Id(1)] bool More) : Answer;

/// <summary>How many dead letters were retried or discarded, and whether there are more.</summary>
[GenerateSerializer, Immutable, Alias("grains.settled")]
public sealed record Settled([property: Id(0)] int Count, [property: Id(1)] bool More) : Answer;

/// <summary>How many messages were forgotten.</summary>
[GenerateSerializer, Immutable, Alias("grains.purged")]
public sealed record Purged([property: Id(0)] int Waiting, [property: Id(1)] int Dead) : Answer;

/// <summary>When the oldest message of each service that has one was accepted, ms since 1970.</summary>
[GenerateSerializer, Immutable, Alias("grains.oldest-found")]
public sealed record OldestFound([property: Id(0)] OldestMessage[] Services) : Answer;

/// <summary>One service's.</summary>
[GenerateSerializer, Immutable, Alias("grains.oldest-message")]
public readonly record struct OldestMessage([property: Id(0)] ServiceId Service, [property: Id(1)] long AcceptedAtMs);
