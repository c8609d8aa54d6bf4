namespace Grains.StateMachines.Batches;

/// <summary>What a batch came to, before it is durable.</summary>
/// <param name="Changes">Revisions that it takes; 0 = nothing to append, the ownership must be confirmed
/// instead.</param>
/// <param name="Record">The bytes to append. Valid until the machine decides again.</param>
public readonly record struct Decision(int Changes, ReadOnlyMemory<byte> Record);
