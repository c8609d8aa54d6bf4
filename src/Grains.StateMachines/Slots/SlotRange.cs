using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Slots;

/// <summary>Slots <paramref name="First"/> to <paramref name="Last"/>, both included, live in one partition.</summary>
public readonly record struct SlotRange(int First, int Last, PartitionId Partition);
