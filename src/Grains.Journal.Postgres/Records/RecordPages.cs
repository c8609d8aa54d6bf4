using System.Runtime.CompilerServices;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Records;

/// <summary>
/// Reads a partition's records in pages, each a statement of its own: nothing stays open while a caller thinks.
/// </summary>
internal sealed class RecordPages(SessionPool sessions, string schema, PartitionId partition)
{
    private const int _pageRecordsMax = 128;
    private const int _pageBytesMax = 1 << 20;

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        RecordPlace place = await sessions.RunAsync(s => PlaceAsync(s, from), cancel);
        if (from <= place.Truncated.Revision)
        {
            throw new JournalTruncatedException(partition, from, place.Truncated.Revision.Next);
        }

        RecordChecks checks = new(partition, place.CheckedStart(partition, from));
        while (checks.Before.Revision < place.Newest)
        {
            List<StoredRecord> page = await sessions.RunAsync(
                s => PageAsync(s, schema, partition, checks.Before.Revision), cancel);
            foreach (StoredRecord stored in page)
            {
                if (stored.First > place.Newest)
                {
                    yield break;
                }

                JournalRecord record;
                try
                {
                    record = checks.Check(stored);
                }
                catch (JournalDamagedException e)
                {
                    throw await OvertakenAsync(checks.Before.Revision, cancel) ?? e;
                }

                yield return record;
            }

            if (page.Count == 0)
            {
                throw await OvertakenAsync(checks.Before.Revision, cancel) ?? new JournalDamagedException(
                    partition, checks.Before.Revision.Next, $"its records up to {place.Newest} are missing.");
            }
        }
    }

    /// <summary>What looks like damage, where a truncation has overtaken the reader; else null.</summary>
    private async Task<Exception?> OvertakenAsync(Revision before, CancellationToken cancel)
    {
        RecordPlace now = await sessions.RunAsync(s => PlaceAsync(s, before.Next), cancel);
        return now.Truncated.Revision > before
            ? new JournalTruncatedException(partition, before.Next, now.Truncated.Revision.Next)
            : null;
    }

    /// <summary>What stands before a revision, and where the records begin and end.</summary>
    private async Task<RecordPlace> PlaceAsync(NpgsqlConnection connection, Revision from)
    {
        await using NpgsqlCommand command = new($"""
            SELECT c.truncated_revision, c.truncated_chain, n.last, b.last, b.chain, b.epoch
            FROM (SELECT) one
            LEFT JOIN "{schema}".checkpoint c ON c.partition = $1
            LEFT JOIN LATERAL (
                SELECT last FROM "{schema}".record WHERE partition = $1 ORDER BY first DESC LIMIT 1) n ON true
            LEFT JOIN LATERAL (
                SELECT last, chain, epoch FROM "{schema}".record WHERE partition = $1 AND first < $2
                ORDER BY first DESC LIMIT 1) b ON true
            """, connection)
        {
            Parameters = { new() { Value = (long)partition.Value }, new() { Value = from.Value } },
        };
        await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
        await row.ReadAsync();
        return new RecordPlace(
            row.IsDBNull(0) ? JournalTail.Empty : Tail(row, 0),
            row.IsDBNull(2) ? Revision.None : new Revision(row.GetInt64(2)),
            row.IsDBNull(3) ? JournalTail.Empty : Tail(row, 3),
            row.IsDBNull(5) ? default : new Epoch(row.GetInt64(5)));
    }

    private static JournalTail Tail(NpgsqlDataReader row, int at) =>
        new(new Revision(row.GetInt64(at)), ChainUuid.Read(row.GetGuid(at + 1)));

    /// <summary>The next few records, as they are stored; none = there is no more.</summary>
    internal static async Task<List<StoredRecord>> PageAsync(
        NpgsqlConnection connection, string schema, PartitionId partition, Revision after)
    {
        // octet_length reads no payload that is stored outside of its row.
        await using NpgsqlCommand command = new($"""
            SELECT first, last, epoch, kind, crc, chain, payload FROM (
                SELECT r.*, sum(octet_length(payload)) OVER (ORDER BY first) - octet_length(payload) AS bytes_before
                FROM (SELECT * FROM "{schema}".record WHERE partition = $1 AND first > $2
                      ORDER BY first LIMIT {_pageRecordsMax}) r) page
            WHERE bytes_before < {_pageBytesMax} ORDER BY first
            """, connection)
        {
            Parameters = { new() { Value = (long)partition.Value }, new() { Value = after.Value } },
        };
        List<StoredRecord> page = [];
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            page.Add(new StoredRecord(
                new Revision(rows.GetInt64(0)),
                new Revision(rows.GetInt64(1)),
                new Epoch(rows.GetInt64(2)),
                rows.GetInt16(3),
                rows.GetInt32(4),
                ChainUuid.Read(rows.GetGuid(5)),
                rows.GetFieldValue<byte[]>(6)));
        }

        return page;
    }
}

/// <summary>A row as it was read, not yet believed.</summary>
internal sealed record StoredRecord(
    Revision First, Revision Last, Epoch Epoch, short Kind, int Crc, UInt128 Chain, byte[] Payload);

/// <summary>Where a read begins.</summary>
/// <param name="Truncated">Nothing at or below is promised.</param>
/// <param name="Newest">The last revision of the newest record when the read began.</param>
/// <param name="Before">The record just before the first to be read.</param>
/// <param name="Epoch">That record's.</param>
internal sealed record RecordPlace(JournalTail Truncated, Revision Newest, JournalTail Before, Epoch Epoch)
{
    /// <summary>The record before <paramref name="from"/>, or why it cannot be read from there.</summary>
    public JournalTail CheckedStart(PartitionId partition, Revision from)
    {
        if (from > Newest.Next)
        {
            throw new ArgumentOutOfRangeException(
                nameof(from), $"Partition {partition} ends at {Newest}: nothing can be read from {from}.");
        }

        if (Truncated.Revision.Next == from)
        {
            return Truncated;
        }

        if (Before.Revision >= from)
        {
            throw new ArgumentException(
                $"Partition {partition} has a record that ends at {Before.Revision}: read from its first revision, "
                + $"not from {from}, which lies within it.",
                nameof(from));
        }

        return Before.Revision.Next == from
            ? Before
            : throw new JournalDamagedException(
                partition, Before.Revision.Next, $"the record before {from} is missing.");
    }
}
