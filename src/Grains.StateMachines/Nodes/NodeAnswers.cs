using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.StateMachines.Nodes;

/// <summary>The message is durable. <see cref="Repeated"/>: it was, since an earlier send with the same key.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-accepted")]
public sealed record MessageAccepted([property: Id(0)] MessageId Message, [property: Id(1)] bool Repeated) : Answer;

/// <summary>Where a message is now.</summary>
[GenerateSerializer, Immutable, Alias("grains.message-found")]
public sealed record MessageFound([property: Id(0)] MessageStatus Status, [property: Id(1)] MessageView? Message) : Answer;

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

/// <summary>A lease on a node's next messages.</summary>
[GenerateSerializer, Immutable, Alias("grains.delivery-given")]
public sealed record DeliveryGiven : Answer
{
    [Id(0)] public required DeliveryId Delivery { get; init; }
    [Id(1)] public required FenceToken Token { get; init; }
    [Id(2)] public required MessageView[] Messages { get; init; }

    /// <summary>The node's state; null = it has none.</summary>
    [Id(3)] public byte[]? State { get; init; }
    [Id(4)] public string? StateContentType { get; init; }
    [Id(5)] public Revision StateVersion { get; init; }
    [Id(6)] public required long LeaseMs { get; init; }
}

/// <summary>The wait is over and the node has nothing to hand out.</summary>
[GenerateSerializer, Immutable, Alias("grains.nothing-to-deliver")]
public sealed record NothingToDeliver : Answer;

/// <summary>Some node of the service has messages that nobody has; whoever receives first gets them.</summary>
[GenerateSerializer, Immutable, Alias("grains.something-to-deliver")]
public sealed record SomethingToDeliver : Answer;

/// <summary>The commit is durable. <see cref="StateVersion"/> is the node's state version after it.</summary>
[GenerateSerializer, Immutable, Alias("grains.committed")]
public sealed record Committed([property: Id(0)] Revision Revision, [property: Id(1)] Revision StateVersion, [property: Id(2)] bool Repeated)
    : Answer;

/// <summary>The lease now ends <see cref="LeaseMs"/> after this answer was decided.</summary>
[GenerateSerializer, Immutable, Alias("grains.renewed")]
public sealed record Renewed([property: Id(0)] long LeaseMs) : Answer;

/// <summary>The messages are back in the mailbox, or dead letters.</summary>
[GenerateSerializer, Immutable, Alias("grains.rejected")]
public sealed record Rejected([property: Id(0)] int Returned, [property: Id(1)] int DeadLettered) : Answer;

/// <summary>A node as it is.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-found")]
public sealed record NodeFound([property: Id(0)] NodeView Node) : Answer;

/// <summary>
/// What a node holds, and what its next delivery waits for. Times are ms since 1970 by the owner's wall clock; 0 = none.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.node-explained")]
public sealed record NodeExplained : Answer
{
    [Id(0)] public required NodeView Node { get; init; }

    /// <summary>The oldest message that waits; null = none does.</summary>
    [Id(1)] public MessageId? Next { get; init; }

    /// <summary>Starts of <see cref="Next"/> so far, one that is leased included.</summary>
    [Id(2)] public int Attempts { get; init; }

    [Id(3)] public long AcceptedAtMs { get; init; }

    /// <summary>The delivery that is leased ends then, unless it is renewed.</summary>
    [Id(4)] public long LeaseEndsMs { get; init; }

    /// <summary>Nothing goes out before then.</summary>
    [Id(5)] public long HeldUntilMs { get; init; }

    /// <summary>The next delivery is chosen, and is being recorded before it goes out.</summary>
    [Id(6)] public bool IsStarting { get; init; }

    /// <summary>Receives that wait for this node.</summary>
    [Id(7)] public int WaitingForNode { get; init; }

    /// <summary>Receives, and servers on behalf of some, that wait for any node of the service in this partition.</summary>
    [Id(8)] public int WaitingForAny { get; init; }

    [Id(9)] public required Epoch Epoch { get; init; }

    /// <summary>
    /// When the first of the delayed messages comes, ms since 1970; 0 = none will. Of very many, of those that came first.
    /// </summary>
    [Id(10)] public long NextDueMs { get; init; }

    /// <summary>When the first of the node's timers fires; 0 = it has none.</summary>
    [Id(11)] public long NextTimerMs { get; init; }

    /// <summary>Why one of them does not fire; null = none is in trouble.</summary>
    [Id(12)] public string? TimerTrouble { get; init; }
}

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

/// <summary>It is done, at this revision.</summary>
[GenerateSerializer, Immutable, Alias("grains.done")]
public sealed record Done([property: Id(0)] Revision Revision) : Answer;

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
