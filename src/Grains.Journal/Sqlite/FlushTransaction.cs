using Grains.Journal.Folders;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;
using SQLitePCL;

namespace Grains.Journal.Sqlite;

/// <summary>What one flush writes, in one SQLite transaction, begun by its first write. The writer's own.</summary>
internal sealed class FlushTransaction
{
    private readonly SqliteDatabase _database;
    private readonly Func<int, int>? _commitResult;
    private readonly FlushNotes _notes;
    private readonly FlushRowWriter _row = new();
    private readonly List<PartitionLog> _owners = [];
    private readonly SqliteStatement _begin;
    private readonly SqliteStatement _insertFlush;
    private readonly SqliteStatement _insertEpoch;
    private readonly SqliteStatement _insertChunk;
    private readonly SqliteStatement _moveCheckpoint;
    private readonly SqliteStatement _moveForgotten;
    private readonly SqliteStatement _deleteFlush;
    private readonly SqliteStatement _deleteChunk;
    private long _nextRow;
    private ulong _revisions;

    public FlushTransaction(SqliteDatabase database, long nextRow, Func<int, int>? commitResult, FlushNotes notes)
    {
        _database = database;
        _nextRow = nextRow;
        _commitResult = commitResult;
        _notes = notes;
        _begin = database.Prepare("BEGIN IMMEDIATE");
        _insertFlush = database.Prepare("INSERT INTO flush(id, body) VALUES (?1, ?2)");
        _insertEpoch = database.Prepare("INSERT INTO epoch(partition, epoch, revision, body) VALUES (?1, ?2, ?3, ?4)");
        _insertChunk = database.Prepare(
            "INSERT INTO checkpoint_chunk(id, partition, revision, body) VALUES (?1, ?2, ?3, ?4)");
        _moveCheckpoint = database.Prepare(Forward("checkpoint"));
        _moveForgotten = database.Prepare(Forward("forgotten"));
        _deleteFlush = database.Prepare("DELETE FROM flush WHERE id = ?1");
        _deleteChunk = database.Prepare("DELETE FROM checkpoint_chunk WHERE id = ?1");
    }

    public bool HasWrites => _database.InTransaction || _row.Count > 0;

    public void Append(PartitionLog log, in FlushEntry entry)
    {
        _row.Add(entry);
        _owners.Add(log);
        _revisions += (ulong)entry.Count;
    }

    public void Acquire(PartitionLog log, EpochGrant grant)
    {
        FlushEntry entry = grant.Entry;
        Append(log, entry);
        Begin();
        _insertEpoch.Bind(1, entry.Partition.Value).Bind(2, entry.Epoch.Value).Bind(3, entry.First.Value)
            .Bind(4, StoredEpoch.Seal(grant)).Run();
    }

    public void StoreChunk(PartitionId partition, Revision at, long key, ReadOnlySpan<byte> chunk)
    {
        Begin();
        _insertChunk.Bind(1, key).Bind(2, partition.Value).Bind(3, at.Value)
            .Bind(4, SealedBytes.Seal(key, chunk)).Run();
    }

    public void MoveCheckpoint(PartitionId partition, CheckpointPointer to)
    {
        Begin();
        _moveCheckpoint.Bind(1, partition.Value).Bind(2, to.At.Revision.Value).Bind(3, to.Encode(partition)).Run();
    }

    public void MoveForgotten(PartitionId partition, JournalTail upTo)
    {
        Begin();
        _moveForgotten.Bind(1, partition.Value).Bind(2, upTo.Revision.Value)
            .Bind(3, StoredTail.Seal(partition, upTo)).Run();
    }

    public void DeleteRow(long row)
    {
        Begin();
        _deleteFlush.Bind(1, row).Run();
    }

    public void DeleteChunk(long key)
    {
        Begin();
        _deleteChunk.Bind(1, key).Run();
    }

    /// <summary>Why a flush failed, if a file was taken away: whatever SQLite made of it.</summary>
    public Exception Lost(Exception e) => _notes.Lost(e);

    /// <summary>COMMIT was asked for: before it, whatever goes wrong leaves nothing behind.</summary>
    public bool MayBeDurable { get; private set; }

    /// <summary>On return everything written is durable, in files that the next start finds.</summary>
    /// <param name="mayBeginWal">It may be the first in a WAL that begins anew.</param>
    /// <exception cref="CommitFailure">The commit itself failed.</exception>
    /// <exception cref="SqliteFailure">Something before it failed: nothing is durable, nor will be.</exception>
    /// <exception cref="FolderLostException">It is durable where nobody finds it again.</exception>
    public void Commit(bool mayBeginWal)
    {
        Begin();
        _notes.Stage(mayBeginWal);
        if (_row.Count > 0)
        {
            _insertFlush.Bind(1, _nextRow).Bind(2, _row.Finish(_nextRow)).Run();
        }

        MayBeDurable = true;
        int code = raw.sqlite3_exec(_database.Handle, "COMMIT");
        code = _commitResult?.Invoke(code) ?? code;
        if (code != raw.SQLITE_OK)
        {
            throw new CommitFailure(code, raw.sqlite3_errmsg(_database.Handle).utf8_to_string());
        }

        _notes.Committed(_revisions);
    }

    /// <summary>Shows the durable records to everybody.</summary>
    public void Publish(RowLedger ledger)
    {
        if (_row.Count > 0)
        {
            ledger.Add(_nextRow, (int)_row.Bytes);
            for (int i = 0; i < _row.Count; i++)
            {
                ledger.Hold(_nextRow);
                _owners[i].Publish(_row.Entry(i));
            }

            _nextRow++;
        }
    }

    public void Rollback()
    {
        if (_database.InTransaction)
        {
            _database.Execute("ROLLBACK");
        }
    }

    public void Clear()
    {
        _row.Clear();
        _owners.Clear();
        _revisions = 0;
        MayBeDurable = false;
    }

    private void Begin()
    {
        if (!_database.InTransaction)
        {
            _begin.Run();
        }
    }

    private static string Forward(string table) =>
        $"INSERT INTO {table}(partition, revision, body) VALUES (?1, ?2, ?3) "
        + "ON CONFLICT(partition) DO UPDATE SET revision = excluded.revision, body = excluded.body "
        + "WHERE excluded.revision > revision";
}
