using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Where one record of one partition lies, and what must hold of it.</summary>
/// <param name="Kind">Whether it grants an epoch or holds a batch.</param>
/// <param name="First">Its first revision.</param>
/// <param name="Count">How many revisions it takes.</param>
/// <param name="Epoch">The epoch that wrote it.</param>
/// <param name="Chain">The hash of everything up to and including it.</param>
/// <param name="Place">The row and the bytes in it.</param>
internal readonly record struct LogEntry(
    JournalRecordKind Kind, Revision First, int Count, Epoch Epoch, UInt128 Chain, LogPlace Place)
{
    public Revision Last => new(First.Value + Count - 1);

    public JournalTail Tail => new(Last, Chain);
}

/// <summary>Bytes of one flush row.</summary>
internal readonly record struct LogPlace(long Row, int Offset, int Length);
