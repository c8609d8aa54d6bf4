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
    Replies = 10,
    /// <summary>After the nodes, which count them.</summary>
    Timers = 11,
    /// <summary>Ranges of revisions that this history never gave out.</summary>
    LostRevisions = 12,
}
