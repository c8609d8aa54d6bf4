using Grains.Journal.Folders;

namespace Grains.Journal.Sqlite;

/// <summary>The tables of journal.db. Bodies carry their own format and CRC; other columns are for people.</summary>
internal static class JournalSchema
{
    public const string FileName = "journal.db";
    private const long _format = 1;

    private const string _tables = """
        BEGIN IMMEDIATE;
        CREATE TABLE flush(id INTEGER PRIMARY KEY, body BLOB NOT NULL);
        CREATE TABLE epoch(
            partition INTEGER NOT NULL, epoch INTEGER NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL,
            PRIMARY KEY(partition, epoch)) WITHOUT ROWID;
        CREATE TABLE checkpoint(partition INTEGER PRIMARY KEY, revision INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE checkpoint_chunk(
            id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, revision INTEGER NOT NULL, body BLOB NOT NULL);
        CREATE TABLE forgotten(partition INTEGER PRIMARY KEY, revision INTEGER NOT NULL, body BLOB NOT NULL);
        PRAGMA user_version = 1;
        COMMIT;
        """;

    public static void Prepare(SqliteDatabase database, DataFolder folder, SqliteJournalOptions options)
    {
        long format = database.Scalar("PRAGMA user_version");
        if (format == 0
            && (folder.Identity is { HoldsData: true } || database.Scalar("SELECT count(*) FROM sqlite_schema") > 0))
        {
            throw folder.Refusal(FileName, "holds no journal.");
        }

        database.Execute("PRAGMA journal_mode = WAL");
        database.SetSynchronous(options.Synchronous);
        database.Execute("PRAGMA wal_autocheckpoint = 0");
        database.Execute("PRAGMA temp_store = MEMORY");
        if (format == 0)
        {
            database.Execute(_tables);
        }
        else if (format != _format)
        {
            throw new JournalUnavailableException(
                $"{FileName} in {options.Folder} has format {format}; this version reads format {_format}. "
                + "Use the version that wrote it.");
        }
    }
}
