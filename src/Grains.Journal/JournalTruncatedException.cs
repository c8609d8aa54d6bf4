using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>A read began below the oldest record that is still kept.</summary>
public sealed class JournalTruncatedException(PartitionId partition, Revision from, Revision oldest)
    : Exception($"Partition {partition} cannot be read from {from}: its oldest kept record begins at {oldest}. "
        + "Read the checkpoint first and go on after it.")
{
    public Revision Oldest { get; } = oldest;
}
