using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Grains.Journal.Postgres;

/// <summary>Where the journal of a cluster is, and its limits. Inert: checked when it is opened.</summary>
public sealed record PostgresJournalOptions
{
    /// <summary>Npgsql's, with the user and the password; several hosts are tried until one is the primary.</summary>
    public required string ConnectionString { get; init; }

    /// <summary>Everything is in this one; made if it is missing.</summary>
    public string Schema { get; init; } = "grains";

    /// <summary>The server's name, shown by Postgres as a part of application_name.</summary>
    public string Server { get; init; } = "server";

    /// <summary>
    /// Opens on a Postgres that may lose what it has confirmed (fsync or full_page_writes off), and leaves
    /// synchronous_commit as it is there. Only for tests and for data that nobody will miss.
    /// </summary>
    public bool AllowLossy { get; init; }

    /// <summary>
    /// For shared appends; 1 to 16. The first takes all partitions that wait, so that they share flushes; each further
    /// one takes over while the statement of the one before is stuck.
    /// </summary>
    public int AppendConnections { get; init; } = 2;

    /// <summary>
    /// A shared statement is stuck after so long; 1 ms to 10 s. Above what a flush takes on a busy disk.
    /// </summary>
    public int SpareAfterMs { get; init; } = 20;

    /// <summary>
    /// For appends sent alone after a failure, and as many for those of partitions that were blocked; 1 to 16.
    /// </summary>
    public int LoneAppendConnections { get; init; } = 2;

    /// <summary>For acquiring, and as many for reading and for checkpoints; 1 to 16.</summary>
    public int PooledConnections { get; init; } = 4;

    /// <summary>Connections of all kinds, those given up included that Postgres has not ended yet; 8 to 256.</summary>
    public int ConnectionsMax { get; init; } = 48;

    /// <summary>Appends that may wait; one more is refused.</summary>
    public int QueuedAppendsMax { get; init; } = 16_384;

    /// <summary>Bytes of payload that may wait; an append beyond is refused.</summary>
    public long QueuedBytesMax { get; init; } = 256 << 20;

    /// <summary>Bytes of payload in one statement, but for a single larger append; 64 KiB to 64 MiB.</summary>
    public int FlushBytesMax { get; init; } = 4 << 20;

    /// <summary>An append that could not even be sent for so long is refused; 100 ms to 1 min.</summary>
    public int UnsentMsMax { get; init; } = 5_000;

    /// <summary>A statement without an answer for so long is given up with its connection; 100 ms to 10 min.</summary>
    public int StatementMsMax { get; init; } = 5_000;

    /// <summary>Making a connection takes at most so long; 1 s to 1 min.</summary>
    public int ConnectSecondsMax { get; init; } = 3;

    /// <summary>
    /// lock_timeout of appends; 10 ms to 10 s. Not shorter than a busy disk needs: that of a file which grows is waited
    /// for as a lock.
    /// </summary>
    public int AppendLockMsMax { get; init; } = 250;

    /// <summary>An append that somebody blocks is tried again, alone, for so long, then refused; 0 to 1 min.</summary>
    public int BlockedMsMax { get; init; } = 2_000;

    /// <summary>lock_timeout of deletions; 1 ms to 1 s.</summary>
    public int DeleteLockMsMax { get; init; } = 50;

    /// <summary>
    /// An acquire that waits so long for a lock ends the appends of older owners that hold it; 10 ms to 10 s.
    /// </summary>
    public int AcquireBlockedMsMax { get; init; } = 250;

    /// <summary>An acquire that has not succeeded for so long fails; 100 ms to 10 min.</summary>
    public int AcquireMsMax { get; init; } = 10_000;

    /// <summary>Bytes that one statement deletes, but for a single larger row; 64 KiB to 64 MiB.</summary>
    public int DeleteBytesMax { get; init; } = 4 << 20;

    public ILoggerFactory Logs { get; init; } = NullLoggerFactory.Instance;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>All that is wrong at once.</summary>
    public void Validate() => new OptionsCheck("Postgres journal")
        .Holds(ConnectionStringRemedy() is null, nameof(ConnectionString), "(redacted)", ConnectionStringRemedy() ?? "")
        .Holds(PostgresSchema.IsName(Schema), nameof(Schema), Schema, PostgresSchema.NameRule)
        .Holds(!string.IsNullOrWhiteSpace(Server), nameof(Server), Server, "name the server")
        .Range(AppendConnections, 1, 16, nameof(AppendConnections))
        .Range(SpareAfterMs, 1, 10_000, nameof(SpareAfterMs))
        .Range(LoneAppendConnections, 1, 16, nameof(LoneAppendConnections))
        .Range(PooledConnections, 1, 16, nameof(PooledConnections))
        .Range(ConnectionsMax, 8, 256, nameof(ConnectionsMax))
        .Range(QueuedAppendsMax, 1, 1 << 20, nameof(QueuedAppendsMax))
        .Range(QueuedBytesMax, JournalLimits.PayloadBytesMax, 1L << 40, nameof(QueuedBytesMax))
        .Range(FlushBytesMax, 64 << 10, 64 << 20, nameof(FlushBytesMax))
        .Range(UnsentMsMax, 100, 60_000, nameof(UnsentMsMax))
        .Range(StatementMsMax, 100, 600_000, nameof(StatementMsMax))
        .Range(ConnectSecondsMax, 1, 60, nameof(ConnectSecondsMax))
        .Range(AppendLockMsMax, 10, 10_000, nameof(AppendLockMsMax))
        .Range(BlockedMsMax, 0, 60_000, nameof(BlockedMsMax))
        .Range(DeleteLockMsMax, 1, 1_000, nameof(DeleteLockMsMax))
        .Range(AcquireBlockedMsMax, 10, 10_000, nameof(AcquireBlockedMsMax))
        .Range(AcquireMsMax, 100, 600_000, nameof(AcquireMsMax))
        .Range(DeleteBytesMax, 64 << 10, 64 << 20, nameof(DeleteBytesMax))
        .ThrowIfWrong();

    private string? ConnectionStringRemedy()
    {
        try
        {
            return string.IsNullOrWhiteSpace(new NpgsqlConnectionStringBuilder(ConnectionString).Host)
                ? "name a host: Host=…;Username=…;Password=…;Database=…"
                : null;
        }
        catch (ArgumentException e)
        {
            // The message names the key that is not known, and no value.
            return e.Message.TrimEnd('.');
        }
    }
}
