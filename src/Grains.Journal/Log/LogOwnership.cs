using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Who owns a partition: the newest epoch, the membership view that gave it, and in which history.</summary>
internal readonly record struct LogOwnership(Epoch Epoch, long MembershipVersion, long Incarnation);
