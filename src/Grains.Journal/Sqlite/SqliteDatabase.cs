using SQLitePCL;

namespace Grains.Journal.Sqlite;

/// <summary>One connection, used by one thread at a time; every result code is looked at.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _db;
    private readonly List<SqliteStatement> _statements = [];

    static SqliteDatabase() => Batteries_V2.Init();

    public SqliteDatabase(string path, bool readOnly = false)
    {
        int flags = (readOnly ? raw.SQLITE_OPEN_READONLY : raw.SQLITE_OPEN_READWRITE | raw.SQLITE_OPEN_CREATE)
            | raw.SQLITE_OPEN_NOMUTEX;
        int code = raw.sqlite3_open_v2(path, out _db, flags, null);
        Check(code, $"opening {path}");
        raw.sqlite3_extended_result_codes(_db, 1);
        raw.sqlite3_busy_timeout(_db, 5000);

        // Whoever closes last would empty the WAL and remove it, even one that is refused as another folder's.
        Check(raw.sqlite3_db_config(_db, _noCheckpointOnClose, 1, out _), "keeping the WAL");
    }

    public sqlite3 Handle => _db;

    public bool InTransaction => raw.sqlite3_get_autocommit(_db) == 0;

    /// <summary>Lives as long as the connection.</summary>
    public SqliteStatement Prepare(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out sqlite3_stmt handle), $"preparing \"{sql}\"");
        SqliteStatement statement = new(this, handle, sql);
        _statements.Add(statement);
        return statement;
    }

    public void Execute(string sql)
    {
        int code = raw.sqlite3_exec(_db, sql);
        Check(code, $"executing \"{sql}\"");
    }

    public long Scalar(string sql)
    {
        using SqliteStatement statement = new(this, PrepareOnce(sql), sql);
        return statement.Step() ? statement.Long(0) : 0;
    }

    /// <summary>
    /// Whether a commit returns after fsync only. Read back: SQLite says nothing about a pragma that it does not
    /// follow.
    /// </summary>
    /// <exception cref="JournalUnavailableException">It does not do as it was told.</exception>
    public void SetSynchronous(bool full)
    {
        Execute($"PRAGMA synchronous = {(full ? "FULL" : "OFF")}");
        long expected = full ? _synchronousFull : _synchronousOff;
        if (Scalar("PRAGMA synchronous") is var mode && mode != expected)
        {
            throw new JournalUnavailableException(
                $"SQLite was told synchronous={expected} and keeps {mode}: a power cut could lose answered writes. "
                + "Use the SQLite library that this version ships with.");
        }
    }

    /// <summary>Moves what it can from the WAL into the database file, without waiting for anyone.</summary>
    /// <returns>Frames in the WAL, and how many of them are in the file too.</returns>
    public (int Frames, int Moved) CheckpointPassively()
    {
        int code = raw.sqlite3_wal_checkpoint_v2(
            _db, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out int frames, out int moved);
        if ((code & 0xff) != raw.SQLITE_BUSY)
        {
            Check(code, "moving the WAL into the database file");
        }

        return (frames, moved);
    }

    /// <summary>Pages written since the last call.</summary>
    public int TakePagesWritten()
    {
        raw.sqlite3_db_status(_db, _cacheWrite, out int pages, out _, 1);
        return pages;
    }

    public void Check(int code, string doing)
    {
        if (code is not (raw.SQLITE_OK or raw.SQLITE_ROW or raw.SQLITE_DONE))
        {
            throw new SqliteFailure(code, doing, raw.sqlite3_errmsg(_db).utf8_to_string());
        }
    }

    public void Dispose()
    {
        _statements.ForEach(statement => statement.Dispose());
        raw.sqlite3_close_v2(_db);
        _db.Dispose();
    }

    private sqlite3_stmt PrepareOnce(string sql)
    {
        Check(raw.sqlite3_prepare_v2(_db, sql, out sqlite3_stmt handle), $"preparing \"{sql}\"");
        return handle;
    }

    private const long _synchronousOff = 0;
    private const long _synchronousFull = 2;
    private const int _noCheckpointOnClose = 1006; // SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE
    private const int _cacheWrite = 9; // SQLITE_DBSTATUS_CACHE_WRITE
}
