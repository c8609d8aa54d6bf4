namespace Grains.StateMachines.Batches;

/// <summary>The numbers of a partition's state.</summary>
internal struct StateTotals
{
    /// <summary>Revision of the last record.</summary>
    public long Revision;

    public long Epoch;

    public long Incarnation;

    /// <summary>Record time, ms since 1970: orders the history, decides nothing, never falls.</summary>
    public long TimeMs;

    /// <summary>The wall clock of the last record's owner; may fall.</summary>
    public long WallMs;

    /// <summary>The partition's uptime at the last record; never falls.</summary>
    public long UptimeMs;

    /// <summary>The last node number given.</summary>
    public long LastNode;

    /// <summary>What counts against the partition's budget.</summary>
    public long Bytes;

    /// <summary>Of those, what is kept of replies. Not in a checkpoint: counted while it is read.</summary>
    public long ReplyBytes;
}
