using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Makes a record of an index entry and its bytes, or names what is wrong.</summary>
internal static class RecordReader
{
    public static JournalRecord Read(PartitionId partition, JournalTail before, LogEntry entry, byte[] payload)
    {
        string? what = null;
        JournalRecord record = new(entry.Kind, entry.First, entry.Count, entry.Epoch, entry.Chain, payload);
        bool isWhole = JournalChain.Next(before.Chain, entry.Epoch, entry.First, entry.Count, payload) == entry.Chain;
        if (entry.First != before.Revision.Next && !(isWhole && HistoryFork.Follows(before.Revision, null, record)))
        {
            what = $"flush row {entry.Place.Row} holds {entry.First} where {before.Revision.Next} is next.";
        }
        else if (!isWhole)
        {
            what = $"its bytes in flush row {entry.Place.Row} are no longer those that were written.";
        }

        return what is null
            ? record
            : throw new JournalDamagedException(partition, entry.First, what);
    }
}
