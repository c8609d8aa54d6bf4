namespace Grains.StateMachines.Batches;

/// <summary>A step of forgetting what was deleted; <see cref="Remaining"/> = call again.</summary>
[GenerateSerializer, Immutable, Alias("grains.dropped")]
public sealed record Dropped([property: Id(0)] bool Remaining) : Answer;
