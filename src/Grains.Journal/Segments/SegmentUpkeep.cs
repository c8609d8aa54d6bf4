using Grains.Journal.Log;

namespace Grains.Journal.Segments;

/// <summary>Which rows are needed. Whoever leads a flush has it to itself.</summary>
internal sealed class SegmentUpkeep(RowLedger ledger, SegmentSet set)
{
    public RowLedger Ledger => ledger;

    public void Forget(IReadOnlyList<LogEntry> entries) => set.Release(ledger.Release(entries));
}
