using Grains.Benchmarks.Loads;
using Npgsql;
using NpgsqlTypes;

namespace Grains.Benchmarks.Postgres;

/// <summary>
/// One node's mailbox in rows: it is sent to, taken from, and in the transaction that took it is deleted from, and a
/// state is stored.
/// </summary>
/// <remarks>
/// Each takes its own, as nodes do. With one table for all callers, each takes what is next, they meet at its head
/// among locked and dead rows: that was slower at every number of callers.
/// </remarks>
internal sealed class PlainQueue
{
    private const string _insertSql = "INSERT INTO mailbox (node, body) VALUES ($1, $2)";
    private const string _takeSql =
        "SELECT id, body FROM mailbox WHERE node = $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED";

    private const string _deleteSql = "DELETE FROM mailbox WHERE node = $1 AND id = ANY ($2)";
    private const string _stateSql =
        "INSERT INTO state (node, body) VALUES ($1, $2) ON CONFLICT (node) DO UPDATE SET body = excluded.body";

    private static readonly byte[] _body = new byte[BenchmarkMessages.BodyBytes];

    private readonly int _messages;
    private readonly NpgsqlDataSource? _senders;
    private readonly int _node;
    private readonly NpgsqlCommand _insert;
    private readonly NpgsqlBatch _take;
    private readonly NpgsqlBatch _settle;
    private readonly List<long> _ids = [];

    private PlainQueue(NpgsqlConnection connection, int node, int messages, NpgsqlDataSource? senders)
    {
        (_messages, _senders, _node) = (messages, senders, node);
        _insert = new NpgsqlCommand(_insertSql, connection) { Parameters = { Int(node), Bytes(_body) } };

        // What needs no answer goes with what does: BEGIN with the question, COMMIT with the changes.
        _take = new NpgsqlBatch(connection)
        {
            BatchCommands = { new("BEGIN"), new(_takeSql) { Parameters = { Int(node), Int(messages) } } },
        };
        _settle = new NpgsqlBatch(connection)
        {
            BatchCommands =
            {
                new(_deleteSql)
                {
                    Parameters =
                    {
                        Int(node),
                        new() { NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint, Value = _ids },
                    },
                },
                new(_stateSql) { Parameters = { Int(node), Bytes(_body) } },
                new("COMMIT"),
            },
        };
    }

    /// <param name="database">Where the tables are.</param>
    /// <param name="callers">Each with a connection of its own.</param>
    /// <param name="messages">Sent, and taken at once.</param>
    /// <param name="isMultiplexed">Sends go at once, over shared connections; else one after another on the
    /// caller's.</param>
    public static async Task<Work> OpenAsync(BenchmarkDatabase database, int callers, int messages, bool isMultiplexed)
    {
        NpgsqlDataSource? senders = isMultiplexed ? Multiplexing.Open(database) : null;
        NpgsqlConnection[] connections = await OwnConnections.OpenAsync(database, callers);
        PlainQueue[] queues = [.. connections.Select((c, i) => new PlainQueue(c, i, messages, senders))];
        foreach (PlainQueue queue in queues)
        {
            await queue._insert.PrepareAsync();
            await queue._take.PrepareAsync();
            await queue._settle.PrepareAsync();
        }

        return new Work(caller => queues[caller].CycleAsync(), async () =>
        {
            await OwnConnections.CloseAsync(connections);
            await (senders?.DisposeAsync() ?? ValueTask.CompletedTask);
        });
    }

    private async ValueTask CycleAsync()
    {
        await SendAsync();
        int taken = await TakeAsync();
        if (taken != _messages)
        {
            throw new InvalidOperationException($"{_messages} messages were sent, {taken} taken.");
        }
    }

    private async Task SendAsync()
    {
        if (_senders is { } senders)
        {
            await Task.WhenAll(Enumerable.Range(0, _messages).Select(async _ =>
            {
                await using NpgsqlCommand insert = senders.CreateCommand(_insertSql);
                insert.Parameters.Add(Int(_node));
                insert.Parameters.Add(Bytes(_body));
                await insert.ExecuteNonQueryAsync();
            }));
            return;
        }

        for (int i = 0; i < _messages; i++)
        {
            await _insert.ExecuteNonQueryAsync();
        }
    }

    private async Task<int> TakeAsync()
    {
        _ids.Clear();
        await using (NpgsqlDataReader rows = await _take.ExecuteReaderAsync())
        {
            while (await rows.ReadAsync())
            {
                _ids.Add(rows.GetInt64(0));
                _ = rows.GetFieldValue<byte[]>(1);
            }
        }

        await _settle.ExecuteNonQueryAsync();
        return _ids.Count;
    }

    private static NpgsqlParameter<int> Int(int value) =>
        new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Integer };

    private static NpgsqlParameter<byte[]> Bytes(byte[] value) =>
        new() { TypedValue = value, NpgsqlDbType = NpgsqlDbType.Bytea };
}
