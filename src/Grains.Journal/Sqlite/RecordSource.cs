using Grains.Journal.Log;

namespace Grains.Journal.Sqlite;

/// <summary>Reads rows beside the writer, a few connections at a time.</summary>
internal sealed class RecordSource(string databasePath) : IDisposable
{
    private const int _keptMax = 4;
    private readonly Lock _gate = new();
    private readonly Stack<RowConnection> _idle = new();
    private bool _closed;

    /// <summary>The payloads of a page; null where the row is gone or too short.</summary>
    public byte[]?[] Read(IReadOnlyList<LogEntry> entries)
    {
        using Lease lease = new(this);
        return lease.Connection.Read(entries);
    }

    /// <summary>A chunk as it is stored, or null if it is gone.</summary>
    public byte[]? ReadChunk(long key)
    {
        using Lease lease = new(this);
        return lease.Connection.Chunk(key);
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closed = true;
            while (_idle.TryPop(out RowConnection? connection))
            {
                connection.Dispose();
            }
        }
    }

    private RowConnection Take()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, typeof(SqliteJournal));
            if (_idle.TryPop(out RowConnection? connection))
            {
                return connection;
            }
        }

        return new RowConnection(databasePath);
    }

    private void Return(RowConnection connection)
    {
        lock (_gate)
        {
            if (!_closed && _idle.Count < _keptMax)
            {
                _idle.Push(connection);
                return;
            }
        }

        connection.Dispose();
    }

    private readonly struct Lease(RecordSource source) : IDisposable
    {
        public RowConnection Connection { get; } = source.Take();

        public void Dispose() => source.Return(Connection);
    }
}
