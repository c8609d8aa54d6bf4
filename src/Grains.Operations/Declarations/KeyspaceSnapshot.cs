using System.Text;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Slots;

namespace Grains.Operations.Declarations;

/// <summary>A keyspace as declared. Immutable.</summary>
public sealed class KeyspaceSnapshot(string name, KeyspaceId id, KeyspaceLayout layout)
{
    private readonly int _orderedSlot = PlacementKey.SlotOfOrderedKeyspace(Encoding.ASCII.GetBytes(name));

    public string Name { get; } = name;

    public KeyspaceId Id { get; } = id;

    public KeyspaceLayout Layout { get; } = layout;

    /// <summary>Where a key lives.</summary>
    public PartitionId PartitionOf(SlotMap slots, Utf8Name key) => slots.PartitionOf(SlotOf(key));

    public int SlotOf(Utf8Name key) =>
        Layout == KeyspaceLayout.Ordered ? _orderedSlot : PlacementKey.SlotOfSpreadKey(key.Span);

    /// <summary>Where its keys live, all together.</summary>
    public IReadOnlyList<PartitionId> Partitions(SlotMap slots) =>
        Layout == KeyspaceLayout.Ordered ? [slots.PartitionOf(_orderedSlot)] : slots.Partitions;
}

/// <summary>How the keys of a keyspace are placed; fixed at its declaration.</summary>
public enum KeyspaceLayout
{
    /// <summary>All in one partition.</summary>
    Ordered = 1,

    /// <summary>Over all partitions, each by its tag or name.</summary>
    Spread = 2,
}
