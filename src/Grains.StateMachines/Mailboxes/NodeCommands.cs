using Grains.StateMachines.Batches;
using Grains.StateMachines.Clocks;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Mailboxes;

/// <summary>A command about one node of a service.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-command")]
public abstract record NodeCommand : Command
{
    [Id(0)] public required ServiceId Service { get; init; }
    [Id(1)] public required Utf8Name Node { get; init; }
}

/// <summary>A message from outside. Answered by <see cref="MessageAccepted"/> or <see cref="Refused"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.send-message")]
public sealed record SendMessage : NodeCommand
{
    [Id(0)] public required MessageContent Content { get; init; }

    /// <summary>More messages than this waiting in the mailbox refuse the send.</summary>
    [Id(1)] public required int MailboxLimit { get; init; }

    /// <summary>Null = none given. Same key and body for this node → the first answer; other body → refused.</summary>
    [Id(2)] public IdempotencyKey? IdempotencyKey { get; init; }

    /// <summary>Not before then.</summary>
    [Id(3)] public Due Due { get; init; }

    /// <summary>It is forgotten if nobody has it this long after it was accepted, or due; 0 = it is kept.</summary>
    [Id(4)] public long TtlMs { get; init; }

    public override int SizeBytes => 128 + Node.Length + Content.SizeBytes;
}

/// <summary>
/// Cancels a message that waits, or whose time has not come. Answered by <see cref="Done"/>; one that is leased is
/// <see cref="Refusal.MessageDelivered"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.cancel-message")]
public sealed record CancelMessage([property: Id(0)] ServiceId Service, [property: Id(1)] MessageId Message) : Command;

/// <summary>Nothing of the node is handed out from now on; or it is again. Answered by <see cref="Done"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.pause-node")]
public sealed record PauseNode : NodeCommand
{
    [Id(0)] public required bool Paused { get; init; }
}

/// <summary>Hashes of a caller's key (with its scope) and of the request that it stands for.</summary>
[GenerateSerializer, Immutable, Alias("grains.idempotency-key")]
public readonly record struct IdempotencyKey([property: Id(0)] UInt128 Key, [property: Id(1)] UInt128 Body);

/// <summary>Where is this message? Answered by <see cref="MessageFound"/> or <see cref="Refused"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.get-message")]
public sealed record GetMessage([property: Id(0)] ServiceId Service, [property: Id(1)] MessageId Message) : Command
{
    public override bool IsRead => true;
}

/// <summary>Sets a node's state, or removes it where <see cref="Value"/> is null.</summary>
[GenerateSerializer, Immutable, Alias("grains.state-change")]
public sealed record StateChange([property: Id(0)] byte[]? Value, [property: Id(1)] string? ContentType);

/// <summary>A send of a commit: always accepted up to ten times the mailbox bound, beyond it a dead letter.</summary>
[GenerateSerializer, Immutable, Alias("grains.outgoing-message")]
public sealed record OutgoingMessage
{
    /// <summary>Where the target lives; the own partition → mailbox in the same record, else outbox.</summary>
    [Id(0)] public required PartitionId Partition { get; init; }
    [Id(1)] public required ServiceId Service { get; init; }
    [Id(2)] public required Utf8Name Node { get; init; }
    [Id(3)] public required MessageContent Content { get; init; }
    [Id(4)] public required int MailboxLimit { get; init; }

    /// <summary>
    /// Not before then; decided when the commit is, and <see cref="DueMs"/> while it is in an outbox. Between two
    /// partitions it says again what is left, because each has an uptime of its own.
    /// </summary>
    [Id(5)] public Due Due { get; init; }

    /// <summary>Of an entry of an outbox: its time comes then; 0 = at once.</summary>
    [Id(6)] public long DueMs { get; init; }

    /// <summary>
    /// It is forgotten if nobody has it this long after it was sent, or due; 0 = it is kept. Decided with the commit.
    /// </summary>
    [Id(7)] public long TtlMs { get; init; }

    /// <summary>The bound on the hops of a chain at whose end it stands; 0 = none. Decided with the commit.</summary>
    [Id(8)] public int HopsMax { get; init; }

    /// <summary>
    /// This message of the delivery is sent on by it: a reply to it is a reply to that one. Decided with the commit.
    /// </summary>
    [Id(9)] public MessageId? For { get; init; }

    /// <summary>It is no message, but the reply to this one.</summary>
    [Id(10)] public MessageId? ReplyTo { get; init; }

    /// <summary>On which clock <see cref="DueMs"/> is.</summary>
    [Id(11)] public Timeline DueLine { get; init; }
}

/// <summary>Answered by <see cref="NodeFound"/>; a node that is not known is <see cref="Refusal.NotFound"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.get-node")]
public sealed record GetNode : NodeCommand
{
    /// <summary>With the state's content, not only its version and size.</summary>
    [Id(0)] public bool WithState { get; init; }

    public override bool IsRead => true;
}

/// <summary>Sets or removes a node's state from outside. Answered by <see cref="StateWritten"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.put-state")]
public sealed record PutState : NodeCommand
{
    [Id(0)] public required StateChange State { get; init; }
    [Id(1)] public Condition Condition { get; init; }

    public override int SizeBytes => 64 + Node.Length + (State.Value?.Length ?? 0);
}

/// <summary>Messages of a node in order: waiting, or dead. Answered by <see cref="MessagePage"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.list-messages")]
public sealed record ListMessages : NodeCommand
{
    [Id(0)] public bool Dead { get; init; }
    [Id(1)] public MessageId? After { get; init; }
    [Id(2)] public required int Limit { get; init; }

    /// <summary>Those whose time has not come, in the order in which they were accepted.</summary>
    [Id(3)] public bool Delayed { get; init; }

    public override bool IsRead => true;
}

/// <summary>
/// The oldest message of each service that waits or is leased, for those who watch. Answered by
/// <see cref="OldestFound"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.find-oldest")]
public sealed record FindOldest : Command
{
    /// <summary>
    /// So many of the partition's oldest messages are looked at; a service that has none among them has none so old.
    /// </summary>
    [Id(0)] public required int LookedAtMax { get; init; }

    public override bool IsRead => true;
}

/// <summary>
/// A dead letter goes to its mailbox's tail with no attempts, or is forgotten. Answered by <see cref="Done"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.settle-dead-letter")]
public sealed record SettleDeadLetter : NodeCommand
{
    [Id(0)] public required MessageId Message { get; init; }

    /// <summary>True = try it again; false = discard it.</summary>
    [Id(1)] public required bool Retry { get; init; }
}

/// <summary>
/// As <see cref="SettleDeadLetter"/>, for the oldest dead letters of a node, as many as one step takes. Answered by
/// <see cref="Settled"/>; to be repeated while there are more.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.settle-dead-letters")]
public sealed record SettleDeadLetters : NodeCommand
{
    /// <summary>True = try them again; false = discard them.</summary>
    [Id(0)] public required bool Retry { get; init; }
}

/// <summary>
/// Forgets a node's waiting messages and dead letters (<see cref="WithState"/>: and its state and timers, so that the
/// node is gone). Its open delivery is lost. Answered by <see cref="Purged"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.purge-node")]
public sealed record PurgeNode : NodeCommand
{
    [Id(0)] public bool WithState { get; init; }
}

/// <summary>Nodes of a service in this partition, in bytewise order. Answered by <see cref="NodePage"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.list-nodes")]
public sealed record ListNodes : Command
{
    [Id(0)] public required ServiceId Service { get; init; }
    [Id(1)] public Utf8Name Prefix { get; init; }
    [Id(2)] public Utf8Name After { get; init; }
    [Id(3)] public required int Limit { get; init; }

    public override bool IsRead => true;
}

/// <summary>Forgets every node of a deleted service, in bounded steps. Answered by <see cref="Dropped"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.drop-service")]
public sealed record DropService([property: Id(0)] ServiceId Service) : Command
{
    public override bool MayRunTwice => true;
}
