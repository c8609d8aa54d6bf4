using Grains.StateMachines.Ids;

namespace Grains.Silo.Loops;

/// <summary>What was read does not go on where its reader stands: what was read ahead is of another history.</summary>
internal sealed class StrayPreloadException(PartitionId partition, Revision at)
    : Exception($"The record of partition {partition} after {at} does not continue what was read up to there.");
