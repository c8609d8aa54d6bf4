namespace Grains.Silo.Budgets;

/// <summary>How the managed memory of a process is shared out. Inert.</summary>
/// <remarks>
/// Half is for what is stored, after what a server needs that stores nothing. Beside it a byte that is written lies in
/// the body of its request, in the record of its batch and in the row of a flush; checkpoints encode a piece at a time.
/// What no share names is room for these, and for what the collector has not taken back yet.
/// </remarks>
/// <param name="HeapBytes">What the collector may use at the most.</param>
/// <param name="OwnBytes">Of that, what lives in a server that stores nothing.</param>
public sealed record MemoryShares(long HeapBytes, long OwnBytes = 0)
{
    /// <summary>Measured as 45 MiB: what the dashboard shows 20, metrics, types and names the rest.</summary>
    private const long _ownBytes = 48L << 20;
    private const int _connectionBytes = 256 << 10;

    /// <summary>The machine's, the container's or the collector's own limit, whichever is least.</summary>
    public static MemoryShares OfProcess => OfServer(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);

    /// <summary>What all partitions of the server hold: beyond it, what grows is refused.</summary>
    public long DataBytesMax => (HeapBytes - OwnBytes) / 2;

    /// <summary>Messages of other partitions are taken up to here, as they exist already.</summary>
    public long TransferredBytesMax => (HeapBytes - OwnBytes) / 8 * 5;

    /// <summary>Bodies of requests, from their first byte to the answer.</summary>
    public long BodyBytesMax => HeapBytes / 8;

    /// <summary>Answers on their way to those who asked.</summary>
    public long AnswerBytesMax => HeapBytes / 8;

    /// <summary>
    /// Commands that wait for a partition. Those of this server's own requests are in its bodies too.
    /// </summary>
    public long QueuedBytesMax => HeapBytes / 8;

    /// <summary>Growing writes wait for a collection while more than this survived the last one.</summary>
    public long SurvivingBytesMax => HeapBytes / 4 * 3;

    /// <summary>Connections at once, as far as memory goes.</summary>
    public int ConnectionsMax => (int)Math.Clamp(HeapBytes / _connectionBytes, 256, 65_536);

    public static MemoryShares OfServer(long heapBytes) => new(heapBytes, Math.Min(_ownBytes, heapBytes / 2));
}
