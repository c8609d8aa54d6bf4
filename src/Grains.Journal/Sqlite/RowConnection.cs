using Grains.Journal.Log;
using SQLitePCL;

namespace Grains.Journal.Sqlite;

/// <summary>A connection that reads parts of rows; used by one thread at a time.</summary>
internal sealed class RowConnection : IDisposable
{
    private readonly SqliteDatabase _database;
    private readonly SqliteStatement _chunk;

    public RowConnection(string path)
    {
        _database = new SqliteDatabase(path, readOnly: true);

        // Part of a row lies behind a chain of pages; mapped, they are walked without being copied. A page that
        // the disk cannot read then ends the process, as any other failure of the disk does.
        _database.Execute("PRAGMA mmap_size = 4294967296");
        _chunk = _database.Prepare("SELECT body FROM checkpoint_chunk WHERE id = ?1");
    }

    public SqliteDatabase Database => _database;

    /// <summary>The payloads of a page; null where the row is gone or too short.</summary>
    public byte[]?[] Read(IReadOnlyList<LogEntry> entries)
    {
        byte[]?[] payloads = new byte[]?[entries.Count];
        sqlite3_blob? blob = null;
        try
        {
            long row = 0;
            for (int i = 0; i < entries.Count; i++)
            {
                LogPlace place = entries[i].Place;
                if (blob is null || row != place.Row)
                {
                    blob = OpenRow(place.Row, blob);
                    row = place.Row;
                }

                payloads[i] = blob is null ? null : Part(blob, place);
            }
        }
        finally
        {
            blob?.Dispose();
        }

        return payloads;
    }

    public byte[]? Chunk(long key)
    {
        byte[]? body = _chunk.Bind(1, key).Step() ? _chunk.Blob(0).ToArray() : null;
        _chunk.Reset();
        return body;
    }

    public void Dispose() => _database.Dispose();

    private sqlite3_blob? OpenRow(long row, sqlite3_blob? open)
    {
        if (open is not null && raw.sqlite3_blob_reopen(open, row) == raw.SQLITE_OK)
        {
            return open;
        }

        open?.Dispose();
        int code = raw.sqlite3_blob_open(_database.Handle, "main", "flush", "body", row, 0, out sqlite3_blob blob);
        return code == raw.SQLITE_OK ? blob : null;
    }

    private static byte[]? Part(sqlite3_blob blob, LogPlace place)
    {
        if (place.Offset + place.Length > raw.sqlite3_blob_bytes(blob))
        {
            return null;
        }

        byte[] payload = new byte[place.Length];
        return raw.sqlite3_blob_read(blob, payload, place.Offset) == raw.SQLITE_OK ? payload : null;
    }
}
