using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;

namespace Grains.Journal.Postgres.Checkpoints;

/// <summary>
/// Stores one checkpoint of one partition: chunks under an attempt of their own, then the pointer in one step. Whatever
/// ends it on the way leaves chunks that nothing names, and that the next one removes.
/// </summary>
internal sealed class CheckpointWriting(
    SessionPool sessions, string schema, PartitionId partition, Epoch epoch, JournalTail at)
{
    private int _chunks;

    /// <summary>The key of its chunks.</summary>
    public Guid Attempt { get; } = Guid.NewGuid();

    /// <summary>Whether to begin: an older epoch is refused, an older revision needs nothing.</summary>
    public Task<CheckpointPlan> PlanAsync(CancellationToken cancel) => sessions.RunAsync(
        async connection =>
        {
            await using NpgsqlCommand command = new($"""
                SELECT p.epoch, c.revision, coalesce(r.last = $2 AND r.chain = $3, false)
                FROM "{schema}".partition p JOIN "{schema}".checkpoint c USING (partition)
                LEFT JOIN LATERAL (
                    SELECT last, chain FROM "{schema}".record WHERE partition = $1 AND first <= $2
                    ORDER BY first DESC LIMIT 1) r ON true
                WHERE p.partition = $1
                """, connection)
            {
                Parameters =
                {
                    new() { Value = (long)partition.Value },
                    new() { Value = at.Revision.Value },
                    new() { Value = ChainUuid.Of(at.Chain) },
                },
            };
            await using NpgsqlDataReader row = await command.ExecuteReaderAsync();
            return !await row.ReadAsync() || row.GetInt64(0) != epoch.Value ? CheckpointPlan.NotOwner
                : row.GetInt64(1) >= at.Revision.Value ? CheckpointPlan.NotNeeded
                : row.GetBoolean(2) ? CheckpointPlan.Write
                : throw new ArgumentException($"Partition {partition} has no record that ends at {at}.", nameof(at));
        },
        cancel);

    /// <returns>False: a newer owner has the partition.</returns>
    public async Task<bool> StoreAsync(ReadOnlyMemory<byte> chunk)
    {
        JournalLimits.CheckChunk(_chunks, chunk.Length);
        int number = _chunks++;
        byte[] payload = chunk.ToArray();
        return await sessions.RunAsync(
            async connection =>
            {
                await using NpgsqlCommand command = new($"""
                    INSERT INTO "{schema}".checkpoint_chunk (partition, revision, epoch, attempt, number, crc, payload)
                    SELECT p.partition, $2, p.epoch, $4, $5, $6, $7 FROM "{schema}".partition p
                    WHERE p.partition = $1 AND p.epoch = $3
                    ON CONFLICT (partition, revision, epoch, attempt, number) DO UPDATE SET number = excluded.number
                    """, connection)
                {
                    Parameters =
                    {
                        new() { Value = (long)partition.Value },
                        new() { Value = at.Revision.Value },
                        new() { Value = epoch.Value },
                        new() { Value = Attempt },
                        new() { Value = number },
                        new() { Value = RecordCrc.OfChunk(partition, at.Revision, epoch, number, payload) },
                        new() { Value = payload },
                    },
                };
                return await command.ExecuteNonQueryAsync() == 1;
            },
            CancellationToken.None);
    }

    /// <summary>Makes it the newest; takes the lock that Acquire takes.</summary>
    /// <returns>False: a newer owner has the partition.</returns>
    public async Task<bool> MoveAsync()
    {
        CheckpointPointer pointer = new(at, epoch, Attempt, _chunks);
        return await sessions.RunAsync(
            async connection =>
            {
                await using NpgsqlCommand command = new($"""
                    WITH owned AS MATERIALIZED (
                        SELECT partition FROM "{schema}".partition WHERE partition = $1 AND epoch = $2 FOR UPDATE),
                    moved AS (
                        UPDATE "{schema}".checkpoint c
                        SET revision = $3, chain = $4, epoch = $2, attempt = $5, chunks = $6, crc = $7
                        FROM owned WHERE c.partition = owned.partition AND c.revision < $3)
                    SELECT count(*) FROM owned
                    """, connection)
                {
                    Parameters =
                    {
                        new() { Value = (long)partition.Value },
                        new() { Value = epoch.Value },
                        new() { Value = at.Revision.Value },
                        new() { Value = ChainUuid.Of(at.Chain) },
                        new() { Value = Attempt },
                        new() { Value = _chunks },
                        new() { Value = pointer.Crc(partition) },
                    },
                };
                return (long)(await command.ExecuteScalarAsync())! == 1;
            },
            CancellationToken.None);
    }
}

/// <summary>What is to be done about a checkpoint.</summary>
internal enum CheckpointPlan
{
    Write,
    NotNeeded,
    NotOwner,
}
