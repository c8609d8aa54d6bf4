using Grains.Journal.Postgres.Records;
using Grains.Journal.Postgres.Sessions;
using Grains.StateMachines.Ids;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Journal.Postgres.Appends;

/// <summary>
/// One autocommit statement for the appends of many partitions: each row is written exactly if its partition's newest
/// record is the expected one, under the newest epoch, and its revision is free.
/// </summary>
/// <remarks>
/// A snapshot may be old when the rows are written: the statement may have been held up across a takeover and a
/// truncation. Then the unique key decides, for a stale owner's next revision is exactly that of the next epoch record,
/// which is kept for ever. Rows are in the order of partitions, so two statements never wait for each other in a
/// circle.
/// </remarks>
internal sealed class AppendStatement : IAsyncDisposable
{
    private const NpgsqlDbType _longs = NpgsqlDbType.Array | NpgsqlDbType.Bigint;
    private const NpgsqlDbType _uuids = NpgsqlDbType.Array | NpgsqlDbType.Uuid;

    private readonly NpgsqlCommand _command;
    private readonly List<long> _partitions = [];
    private readonly List<long> _epochs = [];
    private readonly List<long> _expected = [];
    private readonly List<Guid> _expectedChains = [];
    private readonly List<long> _last = [];
    private readonly List<int> _crcs = [];
    private readonly List<Guid> _chains = [];
    private readonly List<byte[]> _payloads = [];

    private AppendStatement(PostgresSession session, string schema)
    {
        _command = new NpgsqlCommand(Sql(schema), session.Connection)
        {
            Parameters =
            {
                new() { NpgsqlDbType = _longs, Value = _partitions },
                new() { NpgsqlDbType = _longs, Value = _epochs },
                new() { NpgsqlDbType = _longs, Value = _expected },
                new() { NpgsqlDbType = _uuids, Value = _expectedChains },
                new() { NpgsqlDbType = _longs, Value = _last },
                new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer, Value = _crcs },
                new() { NpgsqlDbType = _uuids, Value = _chains },
                new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bytea, Value = _payloads },
                new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = session.History.SystemIdentifier },
                new() { NpgsqlDbType = NpgsqlDbType.Bigint, Value = session.History.Timeline },
            },
        };
    }

    internal static string Sql(string schema) => $"""
        INSERT INTO "{schema}".record (partition, first, last, epoch, kind, crc, chain, payload)
        SELECT a.partition, a.expected + 1, a.last, a.epoch, {(int)JournalRecordKind.Batch}, a.crc, a.chain, a.payload
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
            AS a(partition, epoch, expected, expected_chain, last, crc, chain, payload)
        JOIN "{schema}".partition p ON p.partition = a.partition AND p.epoch = a.epoch
            AND p.system_identifier = $9 AND p.timeline = $10
        JOIN LATERAL (
            SELECT r.last, r.chain FROM "{schema}".record r
            WHERE r.partition = a.partition ORDER BY r.first DESC LIMIT 1) newest
            ON newest.last = a.expected AND newest.chain = a.expected_chain
        ORDER BY a.partition
        ON CONFLICT DO NOTHING
        RETURNING partition
        """;

    public static async Task<AppendStatement> PrepareAsync(PostgresSession session, string schema)
    {
        AppendStatement statement = new(session, schema);
        await session.RunAsync(async () =>
        {
            await statement._command.PrepareAsync();
            return true;
        });
        return statement;
    }

    /// <summary>
    /// Sends it. The rows that were written are durable only when this has ended: Postgres sends them before it
    /// commits.
    /// </summary>
    /// <param name="batch">One append of a partition, ordered by partition.</param>
    /// <param name="written">Filled with the partitions whose row was written.</param>
    public async Task<bool> RunAsync(List<AppendRequest> batch, HashSet<PartitionId> written)
    {
        written.Clear();
        Fill(batch);
        await using NpgsqlDataReader rows = await _command.ExecuteReaderAsync();
        while (await rows.ReadAsync())
        {
            written.Add(new PartitionId((uint)rows.GetInt64(0)));
        }

        // Up to the message that says that the server is ready again; a failing commit shows only there.
        await rows.NextResultAsync();
        return true;
    }

    public ValueTask DisposeAsync() => _command.DisposeAsync();

    private void Fill(List<AppendRequest> batch)
    {
        _partitions.Clear();
        _epochs.Clear();
        _expected.Clear();
        _expectedChains.Clear();
        _last.Clear();
        _crcs.Clear();
        _chains.Clear();
        _payloads.Clear();
        foreach (AppendRequest request in batch)
        {
            JournalAppend append = request.Append;
            JournalTail next = append.Next;
            _partitions.Add(append.Partition.Value);
            _epochs.Add(append.Epoch.Value);
            _expected.Add(append.Expected.Revision.Value);
            _expectedChains.Add(ChainUuid.Of(append.Expected.Chain));
            _last.Add(next.Revision.Value);
            _crcs.Add(RecordCrc.OfRecord(
                append.Partition, append.Expected.Revision.Next, next.Revision, append.Epoch, JournalRecordKind.Batch,
                next.Chain, append.Payload.Span));
            _chains.Add(ChainUuid.Of(next.Chain));

            // A copy: a statement that is given up may still be sending when its caller uses the buffer again.
            _payloads.Add(append.Payload.ToArray());
        }
    }
}
