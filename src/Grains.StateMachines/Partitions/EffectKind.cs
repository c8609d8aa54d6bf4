namespace Grains.StateMachines.Partitions;

/// <summary>The first byte of an effect on disk. Numbers are never reused.</summary>
internal enum EffectKind : byte
{
    /// <summary>No effect: the change ends here.</summary>
    EndOfChange = 0,
    KeyPut = 1,
    KeyDeleted = 2,
    MessageAccepted = 3,
    MessagesAcknowledged = 4,
    StateSet = 5,
    StateRemoved = 6,
    AttemptsStarted = 7,
    MessagesDeadLettered = 8,
    OutboxAdded = 9,
    OutboxCleared = 10,
    SourceAdvanced = 11,
    IdempotencyRemembered = 12,
    CommandApplied = 13,
    DeliveryCommitted = 14,
    DeadLetterRetried = 15,
    DeadLetterDiscarded = 16,
    NodePurged = 17,
    ScopeDropped = 18,

    /// <summary>From format level 2 on.</summary>
    LeaseHandedOver = 19,

    /// <summary>From format level 2 on.</summary>
    HoldHandedOver = 20,

    /// <summary>From format level 3 on.</summary>
    AttemptsReturned = 21,

    /// <summary>From format level 3 on.</summary>
    MessageDelayed = 22,

    /// <summary>From format level 3 on.</summary>
    MessageDue = 23,

    /// <summary>From format level 3 on.</summary>
    MessageCancelled = 24,

    /// <summary>From format level 3 on.</summary>
    NodePaused = 25,

    /// <summary>From format level 3 on.</summary>
    OutboxDelayed = 26,

    /// <summary>From format level 4 on.</summary>
    MessageExpired = 27,

    /// <summary>From format level 4 on.</summary>
    ReplyKept = 28,

    /// <summary>From format level 4 on.</summary>
    ReplyPromised = 29,

    /// <summary>From format level 4 on.</summary>
    OutboxReply = 30,

    /// <summary>From format level 4 on.</summary>
    TimerSet = 31,

    /// <summary>From format level 4 on.</summary>
    TimerRemoved = 32,

    /// <summary>From format level 4 on.</summary>
    TimerFired = 33,

    /// <summary>From format level 5 on: as <see cref="MessageDelayed"/>, by a duration.</summary>
    MessageDelayedByUptime = 34,

    /// <summary>From format level 5 on: as <see cref="OutboxDelayed"/>, by a duration.</summary>
    OutboxDelayedByUptime = 35,

    /// <summary>From format level 5 on: as <see cref="TimerSet"/>, by a duration.</summary>
    TimerSetByUptime = 36,

    /// <summary>From format level 5 on.</summary>
    TimerHeld = 37,

    /// <summary>From format level 5 on.</summary>
    TimerMoved = 38,
}
