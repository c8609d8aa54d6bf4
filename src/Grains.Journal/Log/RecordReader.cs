using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Makes a record of an index entry and its bytes, or names what is wrong.</summary>
internal static class RecordReader
{
    /// <param name="partition">Whose record it is.</param>
    /// <param name="before">What it must follow.</param>
    /// <param name="entry">Its place, and what must hold of it.</param>
    /// <param name="payload">Its bytes.</param>
    /// <param name="where">Where a row lies, for people; null if its number says it.</param>
    public static JournalRecord Read(
        PartitionId partition, JournalTail before, LogEntry entry, byte[] payload, Func<long, string>? where = null)
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
            : throw new JournalDamagedException(partition, entry.First, what + where?.Invoke(entry.Place.Row));
    }
}
