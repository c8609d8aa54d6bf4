using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Sqlite;

/// <summary>
/// Writes the parts of an image as the writer would have written them. The transaction is its caller's.
/// </summary>
internal sealed class ImportTransaction(SqliteDatabase database, long nowMs)
{
    private const int _rowBytes = 1 << 20;

    private readonly SqliteStatement _insertFlush = database.Prepare("INSERT INTO flush(id, body) VALUES (?1, ?2)");
    private readonly SqliteStatement _insertEpoch =
        database.Prepare("INSERT INTO epoch(partition, epoch, revision, body) VALUES (?1, ?2, ?3, ?4)");

    private readonly SqliteStatement _insertChunk =
        database.Prepare("INSERT INTO checkpoint_chunk(id, partition, revision, body) VALUES (?1, ?2, ?3, ?4)");

    private readonly SqliteStatement _insertCheckpoint =
        database.Prepare("INSERT INTO checkpoint(partition, revision, body) VALUES (?1, ?2, ?3)");

    private readonly SqliteStatement _insertForgotten =
        database.Prepare("INSERT INTO forgotten(partition, revision, body) VALUES (?1, ?2, ?3)");

    private readonly FlushRowWriter _row = new();
    private ImagePart.Begin _partition = null!;
    private JournalTail _tail;
    private long _rows;
    private long _checkpoints;
    private int _chunks;

    /// <summary>A part that was checked.</summary>
    public void Add(ImagePart part)
    {
        switch (part)
        {
            case ImagePart.Begin begin:
                (_partition, _tail, _chunks) = (begin, begin.Checkpoint, 0);
                _checkpoints++;
                break;
            case ImagePart.Chunk chunk:
                StoreChunk(chunk.Bytes.Span);
                break;
            case ImagePart.Entry entry:
                Append(entry.Record);
                break;
            case ImagePart.End:
                End();
                break;
        }
    }

    public void Finish()
    {
        if (_row.Count > 0)
        {
            _rows++;
            _insertFlush.Bind(1, _rows).Bind(2, _row.Finish(_rows)).Run();
            _row.Clear();
        }
    }

    private void StoreChunk(ReadOnlySpan<byte> chunk)
    {
        long key = ChunkKey.Of(_checkpoints, _chunks++);
        _insertChunk.Bind(1, key).Bind(2, _partition.Partition.Value).Bind(3, _partition.Checkpoint.Revision.Value)
            .Bind(4, SealedBytes.Seal(key, chunk)).Run();
    }

    private FlushEntry Append(JournalRecord record)
    {
        FlushEntry entry = new(
            _partition.Partition, record.Kind, record.Epoch, record.First, record.Count, _tail.Chain, record.Chain,
            record.Payload);
        _row.Add(entry);
        _tail = record.Tail;
        if (_row.Bytes >= _rowBytes)
        {
            Finish();
        }

        return entry;
    }

    private void End()
    {
        PartitionId partition = _partition.Partition;
        JournalTail checkpoint = _partition.Checkpoint;
        if (_partition.HasCheckpoint)
        {
            CheckpointPointer pointer = new(_checkpoints, _partition.Epoch, checkpoint, _chunks);
            _insertCheckpoint.Bind(1, partition.Value).Bind(2, checkpoint.Revision.Value)
                .Bind(3, pointer.Encode(partition)).Run();
            _insertForgotten.Bind(1, partition.Value).Bind(2, checkpoint.Revision.Value)
                .Bind(3, StoredTail.Seal(partition, checkpoint)).Run();
        }

        FlushEntry mark = Append(
            HistoryFork.Mark(_tail, _partition.Epoch, _partition.Incarnation, nowMs, HistoryFork.Restored));
        _insertEpoch.Bind(1, partition.Value).Bind(2, mark.Epoch.Value).Bind(3, mark.First.Value)
            .Bind(4, StoredEpoch.Seal(new EpochGrant(mark, MembershipVersion: 0))).Run();
    }
}
