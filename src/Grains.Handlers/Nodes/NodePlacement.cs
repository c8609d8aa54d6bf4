using Orleans.Placement;

namespace Grains.Handlers.Nodes;

/// <summary>Nodes go where there is room: to a server that can run their handler, the less busy the better.</summary>
[GenerateSerializer, Immutable, SuppressReferenceTracking, Alias("grains.node-placement")]
public sealed class NodePlacement : PlacementStrategy;

[AttributeUsage(AttributeTargets.Class)]
internal sealed class NodePlacementAttribute() : PlacementAttribute(new NodePlacement());
