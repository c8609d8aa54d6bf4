using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Slots;

/// <summary>
/// Slot → partition, a total map over <see cref="SlotCount"/> slots, fixed at first start. Immutable.
/// </summary>
public sealed class SlotMap
{
    public const int SlotCount = 16_384;

    private readonly PartitionId[] _partitionOfSlot;

    private SlotMap(PartitionId[] partitionOfSlot)
    {
        _partitionOfSlot = partitionOfSlot;
        Partitions = [.. partitionOfSlot.Distinct().Order()];
    }

    public IReadOnlyList<PartitionId> Partitions { get; }

    /// <summary>Partitions 0 … count − 1, each with an equal run of slots.</summary>
    public static SlotMap Even(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, SlotCount);
        var map = new PartitionId[SlotCount];
        for (int slot = 0; slot < SlotCount; slot++)
        {
            map[slot] = new PartitionId((uint)((long)slot * count / SlotCount));
        }

        return new SlotMap(map);
    }

    /// <summary>The inverse of <see cref="ToRanges"/>.</summary>
    public static SlotMap FromRanges(IEnumerable<SlotRange> ranges)
    {
        var map = new PartitionId[SlotCount];
        int next = 0;
        foreach (SlotRange range in ranges.OrderBy(r => r.First))
        {
            if (range.First != next || range.Last < range.First || range.Last >= SlotCount)
            {
                throw new ArgumentException(
                    $"The slot map must cover 0 to {SlotCount - 1} once; it breaks at slot {next} (range "
                    + $"{range.First}-{range.Last}).");
            }

            map.AsSpan(range.First, range.Last - range.First + 1).Fill(range.Partition);
            next = range.Last + 1;
        }

        return next == SlotCount
            ? new SlotMap(map)
            : throw new ArgumentException($"The slot map must cover 0 to {SlotCount - 1}; it ends at slot {next - 1}.");
    }

    public static int SlotOf(ReadOnlySpan<byte> placementKey) => Crc16.Compute(placementKey) % SlotCount;

    public PartitionId PartitionOf(int slot) => _partitionOfSlot[slot];

    public IEnumerable<SlotRange> ToRanges()
    {
        int first = 0;
        for (int slot = 1; slot <= SlotCount; slot++)
        {
            if (slot == SlotCount || _partitionOfSlot[slot] != _partitionOfSlot[first])
            {
                yield return new SlotRange(first, slot - 1, _partitionOfSlot[first]);
                first = slot;
            }
        }
    }
}
