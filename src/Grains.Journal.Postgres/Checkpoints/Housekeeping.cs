using System.Collections.Concurrent;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Grains.Journal.Postgres.Checkpoints;

/// <summary>
/// Deletes what nobody needs, in statements of bounded size that wait for a lock a moment only: what is left is deleted
/// by a later call. Each deletes only what no pointer can name any more, so one that arrives late does no harm.
/// </summary>
internal sealed partial class Housekeeping(PostgresJournalOptions options, SessionPool sessions)
{
    private const int _rowsMax = 1_000;
    private readonly ConcurrentDictionary<PartitionId, Revision> _recordsDeletedUpTo = new();

    /// <summary>Moves what is forgotten up to a record's end; takes the lock that Acquire takes.</summary>
    /// <returns>False: a newer owner has the partition.</returns>
    public async Task<bool> TruncateAsync(PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel)
    {
        try
        {
            if (!await sessions.RunAsync(connection => MoveAsync(connection, partition, epoch, upTo), cancel))
            {
                return false;
            }
        }
        catch (JournalUnavailableException e) when (
            e.InnerException is PostgresException inner && SqlStates.IsBlocked(inner))
        {
            LogLeft(Log, partition, inner.MessageText);
            return true;
        }

        await DeleteRecordsAsync(partition, cancel);
        return true;
    }

    /// <summary>Deletes the chunks below the present checkpoint, older owners' included, a newer owner's not.</summary>
    public Task DeleteOldChunksAsync(PartitionId partition, Epoch epoch) => DeleteAsync(
        partition,
        connection => DeleteChunksAsync(
            connection,
            partition,
            "c.epoch <= $2 AND c.revision < "
                + $"(SELECT revision FROM \"{options.Schema}\".checkpoint WHERE partition = $1)",
            epoch.Value),
        CancellationToken.None);

    /// <summary>Deletes the chunks of an attempt that certainly failed.</summary>
    public Task DeleteAttemptAsync(PartitionId partition, Guid attempt) => DeleteAsync(
        partition,
        connection => DeleteChunksAsync(connection, partition, "c.attempt = $2", attempt),
        CancellationToken.None);

    private async Task<bool> MoveAsync(NpgsqlConnection connection, PartitionId partition, Epoch epoch, Revision upTo)
    {
        // The pointer and the records are as they were when the statement began, which can only be too careful.
        await using NpgsqlCommand command = new($"""
            WITH owned AS MATERIALIZED (
                SELECT partition FROM "{options.Schema}".partition WHERE partition = $1 AND epoch = $2 FOR UPDATE),
            bound AS (
                SELECT c.partition, c.truncated_revision, least($3, c.revision) AS revision
                FROM "{options.Schema}".checkpoint c JOIN owned USING (partition)),
            target AS (
                SELECT bound.partition, r.last, r.chain FROM bound, LATERAL (
                    SELECT last, chain FROM (
                        SELECT last, chain FROM "{options.Schema}".record
                        WHERE partition = bound.partition AND first <= bound.revision ORDER BY first DESC LIMIT 2) two
                    WHERE last <= bound.revision ORDER BY last DESC LIMIT 1) r
                WHERE r.last > bound.truncated_revision),
            moved AS (
                UPDATE "{options.Schema}".checkpoint c
                SET truncated_revision = target.last, truncated_chain = target.chain
                FROM target WHERE c.partition = target.partition AND c.truncated_revision < target.last)
            SELECT count(*) FROM owned
            """, connection)
        {
            Parameters =
            {
                new() { Value = (long)partition.Value },
                new() { Value = epoch.Value },
                new() { Value = upTo.Value },
            },
        };
        return (long)(await command.ExecuteScalarAsync())! == 1;
    }

    private Task DeleteRecordsAsync(PartitionId partition, CancellationToken cancel) => DeleteAsync(
        partition, connection => DeleteRecordsAsync(connection, partition), cancel);

    /// <summary>Keeps epoch records, the newest record, and everything that is not yet forgotten.</summary>
    private async Task<bool> DeleteRecordsAsync(NpgsqlConnection connection, PartitionId partition)
    {
        Revision after = _recordsDeletedUpTo.GetValueOrDefault(partition);
        await using NpgsqlCommand command = new($"""
            WITH page AS MATERIALIZED (
                SELECT r.first, r.last, r.kind, r.ctid,
                       sum(octet_length(r.payload)) OVER (ORDER BY r.first) - octet_length(r.payload) AS bytes_before
                FROM (SELECT first, last, kind, payload, ctid FROM "{options.Schema}".record
                      WHERE partition = $1 AND first > $2
                          AND last <= (SELECT truncated_revision FROM "{options.Schema}".checkpoint
                                       WHERE partition = $1)
                          AND first < (SELECT max(first) FROM "{options.Schema}".record WHERE partition = $1)
                      ORDER BY first LIMIT {_rowsMax}) r),
            gone AS (
                DELETE FROM "{options.Schema}".record d USING page
                WHERE d.ctid = page.ctid AND d.partition = $1 AND d.first = page.first
                    AND page.kind = {(int)JournalRecordKind.Batch} AND page.bytes_before < $3)
            SELECT max(first) FROM page WHERE bytes_before < $3
            """, connection)
        {
            Parameters =
            {
                new() { Value = (long)partition.Value },
                new() { Value = after.Value },
                new() { Value = (long)options.DeleteBytesMax },
            },
        };
        if (await command.ExecuteScalarAsync() is not long deleted)
        {
            return false;
        }

        _recordsDeletedUpTo[partition] = new Revision(deleted);
        return true;
    }

    private async Task<bool> DeleteChunksAsync(
        NpgsqlConnection connection, PartitionId partition, string which, object key)
    {
        await using NpgsqlCommand command = new($"""
            WITH page AS MATERIALIZED (
                SELECT c.ctid, sum(octet_length(c.payload)) OVER (ORDER BY c.revision, c.epoch, c.attempt, c.number)
                               - octet_length(c.payload) AS bytes_before
                FROM (SELECT * , ctid FROM "{options.Schema}".checkpoint_chunk c WHERE c.partition = $1 AND {which}
                      ORDER BY c.revision, c.epoch, c.attempt, c.number LIMIT {_rowsMax}) c)
            DELETE FROM "{options.Schema}".checkpoint_chunk c USING page
            WHERE c.ctid = page.ctid AND c.partition = $1 AND {which} AND page.bytes_before < $3
            """, connection)
        {
            Parameters =
            {
                new() { Value = (long)partition.Value },
                new() { Value = key },
                new() { Value = (long)options.DeleteBytesMax },
            },
        };
        return await command.ExecuteNonQueryAsync() > 0;
    }

    /// <summary>Step after step until nothing is left; a failure leaves the rest to the next call.</summary>
    private async Task DeleteAsync(
        PartitionId partition, Func<NpgsqlConnection, Task<bool>> step, CancellationToken cancel)
    {
        try
        {
            while (await sessions.RunAsync(step, cancel))
            {
                cancel.ThrowIfCancellationRequested();
            }
        }
        catch (JournalUnavailableException e)
        {
            LogLeft(Log, partition, e.Message);
        }
    }

    private ILogger Log => options.Logs.CreateLogger<Housekeeping>();

    [LoggerMessage(2130, LogLevel.Information,
        "Rows of partition {Partition} that nobody needs could not be deleted now; a later checkpoint does it. "
        + "{Reason}")]
    private static partial void LogLeft(ILogger logger, PartitionId partition, string reason);
}
