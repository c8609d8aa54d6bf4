using SQLitePCL;

namespace Grains.Journal.Sqlite;

/// <summary>A COMMIT failed. Only a full or a busy file means for certain that nothing was written.</summary>
internal sealed class CommitFailure(int code, string message)
    : Exception($"SQLite reports {code} ({message}) while committing.")
{
    public bool NothingWritten => (code & 0xff) is raw.SQLITE_FULL or raw.SQLITE_BUSY;

    public bool IsDiskFull => (code & 0xff) == raw.SQLITE_FULL;
}
