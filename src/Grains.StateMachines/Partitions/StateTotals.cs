namespace Grains.StateMachines.Partitions;

/// <summary>The numbers of a partition's state.</summary>
internal struct StateTotals
{
    /// <summary>Revision of the last record.</summary>
    public long Revision;

    public long Epoch;

    public long Incarnation;

    /// <summary>Record time, ms since 1970; never falls.</summary>
    public long TimeMs;

    /// <summary>The last node number given.</summary>
    public long LastNode;

    /// <summary>What counts against the partition's budget.</summary>
    public long Bytes;

    /// <summary>Of those, what is kept of replies. Not in a checkpoint: counted while it is read.</summary>
    public long ReplyBytes;
}
