namespace Grains.StateMachines.Deliveries;

/// <summary>The answer to a commit, for a repeat of it.</summary>
internal sealed record CommittedDelivery(CommitKey Delivery, UInt128 BodyHash, long Revision, long StateVersion);
