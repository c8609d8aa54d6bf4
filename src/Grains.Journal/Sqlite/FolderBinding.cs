using System.Buffers.Binary;
using System.Text;
using Grains.Journal.Folders;
using Grains.StateMachines.Codecs;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Ties journal.db and its WAL to their folder: the file carries the folder's id, and in its head the number of the
/// session that wrote it; each WAL carries, in its first rows, how often one began. So a file of another folder and an
/// older copy show, whichever of them it is. How far the records go is compared after they were read.
/// </summary>
internal sealed class FolderBinding(SqliteDatabase database, DataFolder folder)
{
    public const string WalName = JournalSchema.FileName + "-wal";
    public const string ShmName = JournalSchema.FileName + "-shm";
    private const int _headBytes = 100;
    private const int _sessionOffset = 68; // application_id (sqlite.org/fileformat.html)

    private long _log;

    public long Log => _log;

    /// <summary>The main file alone, before SQLite looks at it together with a WAL that may not be its own.</summary>
    public static void CheckHead(DataFolder folder)
    {
        if (folder.Identity is not { Session: > 0 and var session })
        {
            return;
        }

        Span<byte> head = stackalloc byte[_headBytes];
        using FileStream file = new(
            folder[JournalSchema.FileName], FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete,
            bufferSize: 0);
        long found = file.ReadAtLeast(head, _headBytes, throwOnEndOfStream: false) < _headBytes
            ? 0 : BinaryPrimitives.ReadUInt32BigEndian(head[_sessionOffset..]);

        // One more: that start ended between the file and the note of it.
        if (found != Tag(folder, session) && found != Tag(folder, session + 1))
        {
            throw folder.Refusal(JournalSchema.FileName,
                "and IDENTITY do not belong together: one of them is of another folder, or an older copy. "
                + $"The last session that IDENTITY names, {session}, is not in the other.");
        }
    }

    /// <summary>
    /// Reads what the journal carries, and compares; a new one, or one of an older version, gets its row.
    /// </summary>
    public void Recognize()
    {
        string? id = null;
        long session = 0;
        if (database.Scalar("SELECT count(*) FROM sqlite_schema WHERE name = 'folder'") > 0)
        {
            SqliteStatement row = database.Prepare("SELECT id, session, log FROM folder");
            if (row.Step())
            {
                (id, session, _log) = (row.Text(0), row.Long(1), row.Long(2));
            }

            row.Reset();
        }

        string wanted = folder.Recognize(JournalSchema.FileName, id);
        FolderIdentity known = folder.Identity!;
        if (id is not null && (session < known.Session || _log < known.Log))
        {
            throw folder.Refusal(WalName,
                $"is cut off, or an older copy: it stands in session {session}, log {_log}, and the last one was "
                + $"{known.Session}, log {known.Log}.");
        }

        if (id is null)
        {
            database.Execute("BEGIN IMMEDIATE");
            database.Execute(
                "CREATE TABLE IF NOT EXISTS folder(id TEXT NOT NULL, session INTEGER NOT NULL, log INTEGER NOT NULL)");
            database.Execute($"INSERT INTO folder(id, session, log) VALUES ('{wanted}', 0, 0)");
            database.Execute("COMMIT");
        }
    }

    /// <summary>Compares the records that were read with those that were answered.</summary>
    public void CheckRecords(ulong records)
    {
        if (folder.Identity!.Records > records)
        {
            throw folder.Refusal(JournalSchema.FileName,
                $"and {WalName} hold {records} revisions, and {folder.Identity.Records} were written: one of them is "
                + "missing, "
                + "cut off, or an older copy.");
        }
    }

    /// <summary>
    /// Everything is in the main file, under a new session; the WAL begins with its number. On a full disk all stays as
    /// it was: the old numbers still tell the files from others.
    /// </summary>
    public void Begin(ulong records)
    {
        long session = folder.Identity!.Session + 1;
        bool isBegun = false;
        try
        {
            database.Execute("BEGIN IMMEDIATE");
            database.Execute($"PRAGMA application_id = {Tag(folder, session)}");
            database.Execute($"UPDATE folder SET session = {session}");
            database.Execute("COMMIT");
            if (database.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
            {
                isBegun = true;
                StageLog();
                LogStaged();
            }
        }
        catch (SqliteFailure e) when (e.IsDiskFull)
        {
            if (database.InTransaction)
            {
                database.Execute("ROLLBACK");
            }
        }

        folder.Begin(isBegun ? session : session - 1, _log, records);
        folder.Watch(JournalSchema.FileName, WalName, ShmName);
    }

    /// <summary>The number of a session of this folder in the 31 bits that the head has room for.</summary>
    private static long Tag(DataFolder folder, long session) =>
        Crc32C.Compute(Encoding.ASCII.GetBytes($"{folder.Identity!.Id} {session}")) & int.MaxValue;

    /// <summary>In the flush that may begin the WAL anew: it begins with the next number then.</summary>
    public void StageLog() => database.Execute($"UPDATE folder SET log = {_log + 1}");

    public void LogStaged() => _log++;
}
