namespace Grains.StateMachines.Nodes;

/// <summary>The answer to a commit, for a repeat of it.</summary>
internal sealed record CommittedDelivery(UInt128 BodyHash, long Revision, long StateVersion);
