using Orleans.Placement;

namespace Grains.Silo.Ownership;

/// <summary>Partitions go where <see cref="PartitionAssignment"/> says.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("grains.partition-placement")]
public sealed class PartitionPlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class PartitionPlacementAttribute() : PlacementAttribute(new PartitionPlacement());
