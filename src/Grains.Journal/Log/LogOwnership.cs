using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Who owns a partition: the newest epoch, and the membership view that gave it.</summary>
internal readonly record struct LogOwnership(Epoch Epoch, long MembershipVersion);
