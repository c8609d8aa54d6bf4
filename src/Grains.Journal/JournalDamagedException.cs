using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>Stored bytes are not what was written. Nothing is skipped: a person must decide.</summary>
public sealed class JournalDamagedException(PartitionId partition, Revision revision, string what)
    : Exception($"Partition {partition} is damaged at revision {revision}: {what} "
        + "Nothing was changed. Restore the data from a backup, or move it aside and start with an empty one.")
{
    public PartitionId Partition { get; } = partition;

    public Revision Revision { get; } = revision;
}
