using Npgsql;

namespace Grains.Journal.Postgres;

/// <summary>
/// What an error of Postgres says about a single statement outside of a transaction block. The one place that decides.
/// </summary>
/// <remarks>
/// <para>An answer of severity ERROR means that the statement's transaction is aborted: nothing was written, nor will
/// be. That holds for locks (55P03), deadlocks (40P01), data (22, 23), limits (53, 54), a full disk while extending a
/// file (53100), a read-only server (25006), missing rights or tables (42), a cancel from outside (57014; one that
/// comes while the commit waits for a standby is a WARNING instead) and internal errors (XX).</para>
/// <para>FATAL and PANIC end the connection, also in the middle of a commit (57P01 at a shutdown, 57P02 at another's
/// crash; a full disk or a failed fsync of the WAL is a PANIC). They decide nothing, and neither does silence.</para>
/// <para>Class 08, 57P0x and 40003 decide nothing whatever their severity: poolers and proxies send them in the
/// server's name.</para>
/// </remarks>
internal static class SqlStates
{
    /// <summary>True: it is certain that nothing was written.</summary>
    public static bool NothingWritten(PostgresException e) =>
        e.InvariantSeverity == "ERROR"
        && !e.SqlState.StartsWith("08", StringComparison.Ordinal)
        && !e.SqlState.StartsWith("57P", StringComparison.Ordinal)
        && e.SqlState != PostgresErrorCodes.StatementCompletionUnknown;

    /// <summary>True: it would be the same for each row alone.</summary>
    public static bool ConcernsAll(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.DiskFull or PostgresErrorCodes.ReadOnlySqlTransaction
        || e.SqlState.StartsWith("42", StringComparison.Ordinal);

    /// <summary>Somebody else's row or transaction is in the way.</summary>
    public static bool IsBlocked(PostgresException e) =>
        e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected;
}
