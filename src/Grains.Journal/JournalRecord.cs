using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>One row of a partition's history.</summary>
/// <param name="Kind">Whether it grants an epoch or holds a batch.</param>
/// <param name="First">Its first revision.</param>
/// <param name="Count">How many revisions it takes; 1 for an epoch record.</param>
/// <param name="Epoch">The epoch that wrote it.</param>
/// <param name="Chain">The hash of everything up to and including it.</param>
/// <param name="Payload">The batch; for an epoch record, see <see cref="EpochRecord"/>.</param>
public sealed record JournalRecord(
    JournalRecordKind Kind, Revision First, int Count, Epoch Epoch, UInt128 Chain, ReadOnlyMemory<byte> Payload)
{
    public Revision Last => new(First.Value + Count - 1);

    public JournalTail Tail => new(Last, Chain);
}

/// <summary>The kinds of record.</summary>
public enum JournalRecordKind : byte
{
    /// <summary>Revisions decided by a partition machine.</summary>
    Batch = 1,

    /// <summary>A new ownership began here.</summary>
    Epoch = 2,
}
