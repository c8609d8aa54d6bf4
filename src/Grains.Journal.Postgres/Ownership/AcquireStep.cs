using System.Data;
using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Ownership;

/// <summary>
/// The one atomic step in which a partition changes hands: one transaction under a lock on its row. From its commit on
/// the epoch record stands where an older owner's next record would, and is never removed.
/// </summary>
internal sealed class AcquireStep(PostgresSession session, string schema)
{
    private const int _overtakenMax = 100;
    private NpgsqlConnection Connection => session.Connection;

    /// <summary>
    /// The whole step for a partition that nobody has, and that is undone: what it needs is compiled then.
    /// </summary>
    public async Task WarmUpAsync(PartitionId partition)
    {
        await using NpgsqlTransaction transaction =
            await Connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        PartitionRow row = await LockAsync(partition);
        Epoch epoch = new(row.Epoch.Value + 1);
        await InsertAsync(partition, row, epoch, isFork: false, new EpochRecord(0, 0, "").Encode());
        await UpdateAsync(partition, epoch, row.MembershipVersion, "", row.Incarnation);
        await transaction.RollbackAsync();
    }

    public async Task<AcquireOutcome> RunAsync(PartitionId partition, string owner, long membershipVersion, long nowMs)
    {
        await using NpgsqlTransaction transaction =
            await Connection.BeginTransactionAsync(IsolationLevel.ReadCommitted);
        PartitionRow row = await LockAsync(partition);
        if (membershipVersion < row.MembershipVersion)
        {
            await transaction.RollbackAsync();
            return new AcquireOutcome.OutdatedView(row.MembershipVersion);
        }

        bool isFork = row.Epoch.Value > 0 && row.History != session.History;
        long incarnation = row.Incarnation + (isFork ? 1 : 0);
        Epoch epoch = new(row.Epoch.Value + 1 + (isFork ? HistoryFork.EpochRaise : 0));
        byte[] payload = new EpochRecord(incarnation, nowMs, owner).Encode();
        JournalTail tail = await InsertAsync(partition, row, epoch, isFork, payload);
        await UpdateAsync(partition, epoch, membershipVersion, owner, incarnation);
        if (!session.IsUsable)
        {
            // Whoever waited has given up and tries again: this step would only fence that one.
            throw new JournalUnavailableException($"Acquiring partition {partition} took too long and was given up.");
        }

        await transaction.CommitAsync();
        return session.TakeWarning() is { } warning
            ? throw new JournalUnavailableException(
                $"It is not certain that {epoch} of partition {partition} is durable. {warning}")
            : new AcquireOutcome.Acquired(epoch, tail);
    }

    private async Task<PartitionRow> LockAsync(PartitionId partition)
    {
        await using NpgsqlBatch batch = new(Connection)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand($"""
                    INSERT INTO "{schema}".partition
                        (partition, epoch, membership_version, owner, incarnation, system_identifier, timeline)
                    VALUES ($1, 0, 0, '', 0, $2, $3) ON CONFLICT DO NOTHING
                    """)
                {
                    Parameters =
                    {
                        new() { Value = (long)partition.Value },
                        new() { Value = session.History.SystemIdentifier },
                        new() { Value = session.History.Timeline },
                    },
                },
                new NpgsqlBatchCommand($"""
                    INSERT INTO "{schema}".checkpoint
                        (partition, revision, chain, epoch, attempt, chunks, crc, truncated_revision, truncated_chain)
                    VALUES ($1, 0, $2, 0, $2, 0, 0, 0, $2) ON CONFLICT DO NOTHING
                    """)
                {
                    Parameters = { new() { Value = (long)partition.Value }, new() { Value = Guid.Empty } },
                },
                new NpgsqlBatchCommand($"""
                    SELECT {PartitionRow.Columns}
                    FROM "{schema}".partition p JOIN "{schema}".checkpoint c USING (partition)
                    WHERE p.partition = $1 FOR UPDATE OF p
                    """)
                {
                    Parameters = { new() { Value = (long)partition.Value } },
                },
            },
        };
        await using NpgsqlDataReader rows = await batch.ExecuteReaderAsync();
        await rows.ReadAsync();
        return PartitionRow.Read(rows);
    }

    /// <summary>
    /// Puts the epoch record after the newest; a record of the older owner may still come in between.
    /// </summary>
    private async Task<JournalTail> InsertAsync(
        PartitionId partition, PartitionRow row, Epoch epoch, bool isFork, byte[] payload)
    {
        for (int attempt = 0; attempt < _overtakenMax; attempt++)
        {
            JournalTail before = await NewestAsync(partition, row);
            Revision first = before.Revision.Next + (isFork ? HistoryFork.RevisionRaise : 0);
            UInt128 chain = JournalChain.Next(before.Chain, epoch, first, 1, payload);
            int crc = RecordCrc.OfRecord(partition, first, first, epoch, JournalRecordKind.Epoch, chain, payload);
            await using NpgsqlCommand insert = new($"""
                INSERT INTO "{schema}".record (partition, first, last, epoch, kind, crc, chain, payload)
                VALUES ($1, $2, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
                """, Connection)
            {
                Parameters =
                {
                    new() { Value = (long)partition.Value },
                    new() { Value = first.Value },
                    new() { Value = epoch.Value },
                    new() { Value = (short)JournalRecordKind.Epoch },
                    new() { Value = crc },
                    new() { Value = ChainUuid.Of(chain) },
                    new() { Value = payload },
                },
            };
            if (await insert.ExecuteNonQueryAsync() == 1)
            {
                return new JournalTail(first, chain);
            }
        }

        throw new JournalUnavailableException(
            $"The owner of partition {partition} appended {_overtakenMax} times while its tail was read; try again.");
    }

    private async Task<JournalTail> NewestAsync(PartitionId partition, PartitionRow row)
    {
        await using NpgsqlCommand command = new(
            $"SELECT last, chain, epoch FROM \"{schema}\".record WHERE partition = $1 ORDER BY first DESC LIMIT 1",
            Connection)
        {
            Parameters = { new() { Value = (long)partition.Value } },
        };
        await using NpgsqlDataReader rows = await command.ExecuteReaderAsync();
        JournalTail newest = JournalTail.Empty;
        Epoch epoch = default;
        if (await rows.ReadAsync())
        {
            newest = new JournalTail(new Revision(rows.GetInt64(0)), ChainUuid.Read(rows.GetGuid(1)));
            epoch = new Epoch(rows.GetInt64(2));
        }

        // The newest record and every epoch record are kept for ever: the row cannot know more than the records.
        Revision known = row.Checkpoint > row.Truncated ? row.Checkpoint : row.Truncated;
        return epoch == row.Epoch && newest.Revision >= known
            ? newest
            : throw new JournalDamagedException(
                partition, newest.Revision.Next,
                $"its records end at {newest.Revision} under {epoch}, but its row knows of {row.Epoch} "
                    + $"and of {known}.");
    }

    private async Task UpdateAsync(
        PartitionId partition, Epoch epoch, long membershipVersion, string owner, long incarnation)
    {
        await using NpgsqlCommand update = new($"""
            UPDATE "{schema}".partition SET epoch = $2, membership_version = $3, owner = $4, incarnation = $5,
                system_identifier = $6, timeline = $7
            WHERE partition = $1
            """, Connection)
        {
            Parameters =
            {
                new() { Value = (long)partition.Value },
                new() { Value = epoch.Value },
                new() { Value = membershipVersion },
                new() { Value = owner },
                new() { Value = incarnation },
                new() { Value = session.History.SystemIdentifier },
                new() { Value = session.History.Timeline },
            },
        };
        await update.ExecuteNonQueryAsync();
    }
}
