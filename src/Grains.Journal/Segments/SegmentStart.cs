using Grains.Journal.Folders;

namespace Grains.Journal.Segments;

/// <summary>From what a start has read to a log that is written.</summary>
internal static class SegmentStart
{
    /// <summary>
    /// A new session, in the log before it is in the folder. On a full disk it goes on in the one before.
    /// </summary>
    public static void Begin(SegmentLog log, DataFolder folder, SegmentSet set, SegmentOpening? opening)
    {
        FolderIdentity identity = folder.Identity!;

        // Where something is damaged fewer are read than were written: they stay counted, so that it stays known.
        ulong records = Math.Max(identity.Records, opening?.Records ?? 0);
        if (opening is null)
        {
            log.Found(folder.Recognize(SegmentNames.Folder, null), identity.Log + 1);
        }
        else
        {
            Affirm(set.Newest, opening.LastRow);
            log.GoOn(set.Newest, opening.End, opening.NextRow);
        }

        folder.Watch(SegmentNames.Folder);
        log.Tell(new FolderNotes(folder, records));
        long session = identity.Session + 1;
        log.BeginSession(session);
        try
        {
            log.Commit();
            log.Publish(new Log.RowLedger());
        }
        catch (NoRoomException)
        {
            session--;
        }

        log.Clear();
        folder.Begin(session, set.Newest.Header.Number, records);
    }

    /// <summary>
    /// The last row may be in the system's memory only: of a process that was killed before its sync, or after one that
    /// failed. It is written again, and synced, before anybody is told of it.
    /// </summary>
    private static void Affirm(SegmentFile newest, RowPlace last)
    {
        byte[] bytes = new byte[last.Span];
        int read = newest.Read(bytes, last.Offset);
        try
        {
            newest.Write(bytes.AsSpan(0, read), last.Offset);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            // Where the file system copies on write: what is there stays.
        }

        newest.Sync();
    }
}
