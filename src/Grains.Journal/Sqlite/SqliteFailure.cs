using SQLitePCL;

namespace Grains.Journal.Sqlite;

/// <summary>SQLite said no.</summary>
internal sealed class SqliteFailure(int code, string doing, string message)
    : Exception($"SQLite reports {code} ({message}) while {doing}.")
{
    /// <summary>The extended result code.</summary>
    public int Code { get; } = code;

    public bool IsDiskFull => (Code & 0xff) == raw.SQLITE_FULL;

    public bool IsBusy => (Code & 0xff) is raw.SQLITE_BUSY or raw.SQLITE_LOCKED;

    public bool IsOutOfMemory => (Code & 0xff) == raw.SQLITE_NOMEM;

    public bool IsDamage => (Code & 0xff) is raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB;
}
