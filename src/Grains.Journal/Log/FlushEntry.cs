using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>One record on its way into a flush row.</summary>
internal readonly record struct FlushEntry(
    PartitionId Partition,
    JournalRecordKind Kind,
    Epoch Epoch,
    Revision First,
    int Count,
    UInt128 ChainBefore,
    UInt128 ChainAfter,
    ReadOnlyMemory<byte> Payload)
{
    public static FlushEntry Of(JournalAppend append) => new(
        append.Partition,
        JournalRecordKind.Batch,
        append.Epoch,
        append.Expected.Revision.Next,
        append.Count,
        append.Expected.Chain,
        append.Next.Chain,
        append.Payload);

    public LogEntry At(LogPlace place) => new(Kind, First, Count, Epoch, ChainAfter, place);
}
