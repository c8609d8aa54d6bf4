namespace Grains.StateMachines.Batches;

/// <summary>Why a partition refused. Numbers are part of the wire contract between servers: never reuse one.</summary>
public enum Refusal
{
    /// <summary>A precondition on a version does not hold.</summary>
    VersionMismatch = 1,

    /// <summary>A field is over its limit; checked at the door too, this is the second of the pair.</summary>
    LimitExceeded = 2,

    /// <summary>
    /// The partition's byte budget is used up: growing writes are refused, deletes and acknowledgements pass.
    /// </summary>
    PartitionFull = 3,

    /// <summary>The node's mailbox is at its bound for senders from outside.</summary>
    MailboxFull = 4,

    /// <summary>No such message in this partition, now or ever.</summary>
    MessageNotFound = 5,

    /// <summary>The delivery was committed, rejected, expired, or belongs to an earlier owner.</summary>
    DeliveryGone = 6,

    /// <summary>The commit or reject names a message that its delivery does not hold.</summary>
    NotHeld = 7,

    /// <summary>The same idempotency key was used with another body.</summary>
    IdempotencyMismatch = 8,

    /// <summary>
    /// The command id is below the window, or of an unknown older router: it may have been applied.
    /// </summary>
    CommandTooOld = 9,

    /// <summary>The partition's queue, or its list of waiting receivers, is full. Nothing was started.</summary>
    Overloaded = 10,

    /// <summary>The service was deleted.</summary>
    ServiceDeleted = 11,

    /// <summary>The keyspace was deleted.</summary>
    KeyspaceDeleted = 12,

    /// <summary>The journal refused the record; nothing was written.</summary>
    NotStored = 13,

    /// <summary>
    /// This server is not, or no longer, the owner. Nothing that was asked under it is known to have happened.
    /// </summary>
    NotOwner = 14,

    /// <summary>A transfer was out of order or from an unknown incarnation.</summary>
    TransferRefused = 15,

    /// <summary>There is nothing of that name.</summary>
    NotFound = 16,

    /// <summary>A position of a history that a restore replaced.</summary>
    HistoryChanged = 17,

    /// <summary>The message is leased: its handler has it.</summary>
    MessageDelivered = 18,

    /// <summary>The cluster's format level is too low for what is asked.</summary>
    FormatTooOld = 19,

    /// <summary>A timer's schedule names no time that the partition's server knows.</summary>
    BadSchedule = 20,
}
