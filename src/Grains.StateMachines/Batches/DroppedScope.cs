namespace Grains.StateMachines.Batches;

/// <summary>A keyspace or service that was deleted: nothing may be added to it any more.</summary>
internal sealed record DroppedScope
{
    public static readonly DroppedScope Marker = new();
}
