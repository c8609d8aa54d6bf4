using Grains.StateMachines.Batches;

namespace Grains.Silo.Budgets;

/// <summary>
/// What the partitions of this server hold together, and what they may. A batch reserves what it may add before it is
/// decided, so that many at once do not add what only one of them may. Any thread.
/// </summary>
/// <param name="shares">The bounds.</param>
/// <param name="heap">Whether the collector finds room at all; the second of the pair.</param>
public sealed class DataBudget(MemoryShares shares, HeapPressure heap)
{
    /// <summary>For what has the memory to itself: tests, warm-up.</summary>
    public static DataBudget Unlimited => new(new MemoryShares(long.MaxValue / 8), new HeapPressure(long.MaxValue));

    private const int _lastShift = 4;

    private long _held;

    public long BytesMax => shares.DataBytesMax;

    /// <summary>What is stored, and what batches under way may add.</summary>
    public long HeldBytes => Interlocked.Read(ref _held);

    /// <summary>Less than a sixteenth is left.</summary>
    public bool IsNearlyUsedUp => HeldBytes > BytesMax - (BytesMax >> _lastShift);

    /// <summary>
    /// Takes as much of <paramref name="wantedBytes"/> as there is; <see cref="Settle"/> gives it back.
    /// </summary>
    public Room Reserve(long wantedBytes)
    {
        long held = HeldBytes;
        while (true)
        {
            bool takesTransfers = held < shares.TransferredBytesMax;
            long granted = heap.IsHigh ? 0 : Math.Clamp(shares.DataBytesMax - held, 0, wantedBytes);
            long seen = Interlocked.CompareExchange(ref _held, held + granted, held);
            if (seen == held)
            {
                return new Room(granted, takesTransfers);
            }

            held = seen;
        }
    }

    /// <summary>By so much more, or less, is held than before.</summary>
    public void Settle(long changeBytes) => Interlocked.Add(ref _held, changeBytes);
}
