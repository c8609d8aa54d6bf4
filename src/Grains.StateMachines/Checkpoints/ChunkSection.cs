namespace Grains.StateMachines.Checkpoints;

/// <summary>The second byte of a checkpoint chunk: what its entries are. Numbers are never reused.</summary>
internal enum ChunkSection : byte
{
    Totals = 1,
    Keys = 2,
    Nodes = 3,
    Messages = 4,
    Outbox = 5,
    Sources = 6,
    Idempotency = 7,
    Commits = 8,
    DroppedScopes = 9,

    /// <summary>Messages whose time has not come: from format level 3 on.</summary>
    DelayedMessages = 10,

    /// <summary>Nodes that are paused, or have such messages: from format level 3 on.</summary>
    NodesWithMore = 11,

    /// <summary>Outbox entries of such messages: from format level 3 on.</summary>
    DelayedOutbox = 12,

    /// <summary>Replies that are kept: from format level 4 on.</summary>
    Replies = 13,

    /// <summary>Replies that are promised: from format level 4 on.</summary>
    PromisedReplies = 14,

    /// <summary>Outbox entries of replies: from format level 4 on.</summary>
    OutboxReplies = 15,

    /// <summary>After the nodes, which count them: from format level 4 on.</summary>
    Timers = 16,

    /// <summary>After the totals: from format level 5 on.</summary>
    Clocks = 17,

    /// <summary>Messages that wait for the end of a duration: from format level 5 on.</summary>
    MessagesDelayedByUptime = 18,

    /// <summary>Outbox entries of such messages: from format level 5 on.</summary>
    OutboxDelayedByUptime = 19,

    /// <summary>Timers that wait for the end of a duration, or are held: from format level 5 on.</summary>
    TimersWithMore = 20,

    /// <summary>Ranges of revisions that this history never gave out: from format level 5 on.</summary>
    LostRevisions = 24,
}
