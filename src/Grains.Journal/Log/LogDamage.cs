using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>What is wrong with a stored record, and at which revision it begins.</summary>
internal sealed record LogDamage(PartitionId Partition, Revision Revision, string What)
{
    public JournalDamagedException Exception() => new(Partition, Revision, What);
}
