using Grains.Journal.Images;
using Grains.Journal.Postgres.Checkpoints;
using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Journal.Postgres.Images;

/// <summary>
/// Writes the parts of an image by COPY, one table after the other of each partition. The transaction is its caller's.
/// </summary>
internal sealed class ImportTables(PostgresSession session, string schema, long nowMs) : IAsyncDisposable
{
    private readonly Guid _attempt = Guid.NewGuid();
    private NpgsqlBinaryImporter? _copy;
    private bool _copiesRecords;
    private ImagePart.Begin _partition = null!;
    private JournalTail _tail;
    private int _chunks;

    /// <summary>A part that was checked.</summary>
    public async Task AddAsync(ImagePart part, CancellationToken cancel)
    {
        switch (part)
        {
            case ImagePart.Begin begin:
                (_partition, _tail, _chunks) = (begin, begin.Checkpoint, 0);
                break;
            case ImagePart.Chunk chunk:
                await StoreAsync(chunk.Bytes, cancel);
                break;
            case ImagePart.Entry entry:
                await AppendAsync(entry.Record, cancel);
                break;
            case ImagePart.End:
                JournalRecord mark = HistoryFork.Mark(
                    _tail, _partition.Epoch, _partition.Incarnation, nowMs, HistoryFork.Restored);
                await AppendAsync(mark, cancel);
                await EndCopyAsync(cancel);
                await InsertPartitionAsync(mark, cancel);
                break;
        }
    }

    /// <summary>A copy that did not come to its end is given up.</summary>
    public ValueTask DisposeAsync() => _copy?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task StoreAsync(ReadOnlyMemory<byte> chunk, CancellationToken cancel)
    {
        _copy ??= await session.Connection.BeginBinaryImportAsync(
            $"COPY \"{schema}\".checkpoint_chunk (partition, revision, epoch, attempt, number, crc, payload) "
            + "FROM STDIN BINARY",
            cancel);
        Revision at = _partition.Checkpoint.Revision;
        await _copy.StartRowAsync(cancel);
        await _copy.WriteAsync((long)_partition.Partition.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(at.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(_partition.Epoch.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(_attempt, NpgsqlDbType.Uuid, cancel);
        await _copy.WriteAsync(_chunks, NpgsqlDbType.Integer, cancel);
        await _copy.WriteAsync(
            RecordCrc.OfChunk(_partition.Partition, at, _partition.Epoch, _chunks, chunk.Span), NpgsqlDbType.Integer,
            cancel);
        await _copy.WriteAsync(chunk, NpgsqlDbType.Bytea, cancel);
        _chunks++;
    }

    private async Task AppendAsync(JournalRecord record, CancellationToken cancel)
    {
        if (!_copiesRecords)
        {
            await EndCopyAsync(cancel);
            _copy = await session.Connection.BeginBinaryImportAsync(
                $"COPY \"{schema}\".record (partition, first, last, epoch, kind, crc, chain, payload) FROM STDIN "
                + "BINARY",
                cancel);
            _copiesRecords = true;
        }

        int crc = RecordCrc.OfRecord(
            _partition.Partition, record.First, record.Last, record.Epoch, record.Kind, record.Chain,
            record.Payload.Span);
        await _copy!.StartRowAsync(cancel);
        await _copy.WriteAsync((long)_partition.Partition.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(record.First.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(record.Last.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync(record.Epoch.Value, NpgsqlDbType.Bigint, cancel);
        await _copy.WriteAsync((short)record.Kind, NpgsqlDbType.Smallint, cancel);
        await _copy.WriteAsync(crc, NpgsqlDbType.Integer, cancel);
        await _copy.WriteAsync(ChainUuid.Of(record.Chain), NpgsqlDbType.Uuid, cancel);
        await _copy.WriteAsync(record.Payload, NpgsqlDbType.Bytea, cancel);
        _tail = record.Tail;
    }

    private async Task EndCopyAsync(CancellationToken cancel)
    {
        if (_copy is { } copy)
        {
            await copy.CompleteAsync(cancel);
            await copy.DisposeAsync();
            _copy = null;
            _copiesRecords = false;
        }
    }

    private async Task InsertPartitionAsync(JournalRecord mark, CancellationToken cancel)
    {
        bool has = _partition.HasCheckpoint;
        CheckpointPointer pointer = new(_partition.Checkpoint, _partition.Epoch, _attempt, _chunks);
        await using NpgsqlCommand insert = new($"""
            WITH owned AS (
                INSERT INTO "{schema}".partition
                    (partition, epoch, membership_version, owner, incarnation, system_identifier, timeline)
                VALUES ($1, $2, 0, $3, $4, $5, $6))
            INSERT INTO "{schema}".checkpoint
                (partition, revision, chain, epoch, attempt, chunks, crc, truncated_revision, truncated_chain)
            VALUES ($1, $7, $8, $9, $10, $11, $12, $7, $8)
            """, session.Connection)
        {
            Parameters =
            {
                new() { Value = (long)_partition.Partition.Value },
                new() { Value = mark.Epoch.Value },
                new() { Value = HistoryFork.Restored },
                new() { Value = _partition.Incarnation + 1 },
                new() { Value = session.History.SystemIdentifier },
                new() { Value = session.History.Timeline },
                new() { Value = _partition.Checkpoint.Revision.Value },
                new() { Value = ChainUuid.Of(_partition.Checkpoint.Chain) },
                new() { Value = has ? _partition.Epoch.Value : 0 },
                new() { Value = has ? _attempt : Guid.Empty },
                new() { Value = _chunks },
                new() { Value = has ? pointer.Crc(_partition.Partition) : 0 },
            },
        };
        await insert.ExecuteNonQueryAsync(cancel);
    }
}
