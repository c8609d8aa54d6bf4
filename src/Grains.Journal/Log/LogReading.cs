using Grains.StateMachines.Ids;

namespace Grains.Journal.Log;

/// <summary>Reads records page by page: the places from a log, the bytes from wherever the caller has them.</summary>
internal static class LogReading
{
    /// <param name="log">Of the partition.</param>
    /// <param name="from">The first revision of a record, or the next free one.</param>
    /// <param name="through">Where to end, whatever comes meanwhile.</param>
    /// <param name="payloads">The payloads of a page; null where a row is gone or too short.</param>
    /// <param name="where">Where a row lies, for people; null if its number says it.</param>
    /// <exception cref="JournalDamagedException">A record is not what was written.</exception>
    /// <exception cref="JournalTruncatedException">The log does not go back so far.</exception>
    public static IEnumerable<JournalRecord> Read(
        PartitionLog log, Revision from, Revision through, Func<IReadOnlyList<LogEntry>, byte[]?[]> payloads,
        Func<long, string>? where = null)
    {
        do
        {
            LogPage page = log.Page(from, through);
            if (page.Oldest is { } oldest)
            {
                throw new JournalTruncatedException(log.Partition, from, oldest);
            }

            byte[]?[] read = payloads(page.Entries);
            JournalTail before = page.Before;
            for (int i = 0; i < page.Entries.Count; i++)
            {
                LogEntry entry = page.Entries[i];
                yield return read[i] is { } payload
                    ? RecordReader.Read(log.Partition, before, entry, payload, where)
                    : throw Missing(log, entry);
                before = entry.Tail;
            }

            if (page.Damage is { } damage)
            {
                throw damage.Exception();
            }

            from = before.Revision.Next;
        }
        while (from <= through);
    }

    private static Exception Missing(PartitionLog log, LogEntry entry)
    {
        LogPage now = log.Page(entry.First, entry.Last);
        return now.Oldest is { } oldest
            ? new JournalTruncatedException(log.Partition, entry.First, oldest)
            : new JournalDamagedException(
                log.Partition, entry.First, $"its flush row {entry.Place.Row} is missing or cut.");
    }
}
