using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Sqlite;

/// <summary>
/// The embedded journal: one folder, one process, one SQLite file, every answer after an fsync that all partitions
/// share. What may be appended is decided in memory, which the LOCK file makes the only memory there is.
/// </summary>
public sealed class SqliteJournal : IJournal, IJournalExport
{
    private readonly SqliteJournalOptions _options;
    private readonly string _path;
    private readonly DataFolder _folder;
    private readonly ConcurrentDictionary<PartitionId, PartitionLog> _logs;
    private readonly RecordSource _source;
    private readonly SqliteDatabase _database;
    private readonly WalBound _wal;
    private readonly JournalWriter _writer;
    private long _nextCheckpoint;
    private int _disposed;

    private SqliteJournal(SqliteJournalOptions options, DataFolder folder, SqliteDatabase database)
    {
        JournalSchema.Prepare(database, folder, options);
        FolderBinding binding = new(database, folder);
        binding.Recognize();
        JournalOpening opening = new(database);
        opening.Run();
        ulong records = opening.Records;
        if (opening.Logs.Values.All(l => l.TailDamage is null))
        {
            binding.CheckRecords(records);
        }

        binding.Begin(records);
        FolderSync.Flush(options.Folder);

        _options = options;
        _path = folder[JournalSchema.FileName];
        _folder = folder;
        _database = database;
        _logs = opening.Logs;
        _nextCheckpoint = opening.NextCheckpoint;
        _source = new RecordSource(_path);

        Housekeeping housekeeping = new(opening.Ledger, options.BackgroundBytesPerFlush);
        housekeeping.Enqueue(opening.Ledger.TakeUnneeded());
        opening.Leftovers.ForEach(l => housekeeping.DeleteCheckpoint(l.Id, l.Chunks));
        _wal = new WalBound(_path, database, options);
        FlushTransaction flush = new(
            database, opening.NextRow, options.CommitResult, new FlushNotes(folder, binding, records));
        _writer = new JournalWriter(flush, housekeeping, _wal, options);
    }

    /// <summary>Where it is; what else belongs there is compared with it.</summary>
    public DataFolder Folder => _folder;

    /// <summary>Some partition was begun here.</summary>
    public bool HoldsPartitions => !_logs.IsEmpty;

    public string Durability => _options.Synchronous
        ? $"SQLite in {_options.Folder}, fsync before every answer"
        : $"SQLite in {_options.Folder}, WITHOUT FSYNC: A POWER CUT LOSES ANSWERED WRITES (for tests only)";

    /// <summary>
    /// Takes the folder, reads it through once, and begins to write. Blocks for as long as that takes.
    /// </summary>
    /// <exception cref="JournalUnavailableException">Another process has it, or its file cannot be read at
    /// all.</exception>
    public static SqliteJournal Open(SqliteJournalOptions options)
    {
        options.Validate();
        options = options with { Folder = Path.GetFullPath(options.Folder) };
        DataFolder folder = DataFolder.Open(options.Folder, options.Files);
        SqliteDatabase? database = null;
        try
        {
            FolderBinding.CheckHead(folder);
            database = new SqliteDatabase(folder[JournalSchema.FileName]);
            return new SqliteJournal(options, folder, database);
        }
        catch (Exception e)
        {
            database?.Dispose();
            folder.Dispose();
            if (e is SqliteFailure failure)
            {
                throw new JournalUnavailableException(
                    $"{JournalSchema.FileName} in {options.Folder} cannot be opened. {failure.Message} "
                    + (failure.IsDamage
                        ? "Restore the folder from a backup, or move it aside."
                        : "Nothing was changed."),
                    failure);
            }

            throw;
        }
    }

    public async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel)
    {
        PartitionLog log = _logs.GetOrAdd(partition, id => new PartitionLog(id));
        if (log.TailDamage is { } damage)
        {
            throw damage.Exception();
        }

        AcquireRequest request = new(log, owner, membershipVersion, nowMs);
        _writer.Enqueue(request);
        return await request.WaitAsync(cancel);
    }

    public ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel)
    {
        if (!_logs.TryGetValue(append.Partition, out PartitionLog? log))
        {
            return new(new AppendOutcome(
                AppendStatus.Fenced, $"Partition {append.Partition} was never acquired here; acquire it first."));
        }

        if (_folder.IsTight)
        {
            return new(new AppendOutcome(
                AppendStatus.Refused,
                $"The disk of {_options.Folder} is full; nothing was written. Free space there."));
        }

        AppendRequest request = new(log, append);
        _writer.Enqueue(request);
        return request.WaitAsync(cancel);
    }

    public ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        new(_logs.TryGetValue(partition, out PartitionLog? log) && log.Confirms(epoch));

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        PartitionLog log = _logs.GetOrAdd(partition, id => new PartitionLog(id));
        foreach (JournalRecord record in LogReading.Read(log, from, log.Tail.Revision, _source.Read))
        {
            cancel.ThrowIfCancellationRequested();
            yield return record;
        }

        await Task.CompletedTask;
    }

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel)
    {
        CheckpointPointer? pointer = _logs.TryGetValue(partition, out PartitionLog? log) ? log.Checkpoint : null;
        return new(
            pointer is null
                ? null
                : new StoredCheckpoint(pointer.At, ReadChunksAsync(log!, pointer, CancellationToken.None)));
    }

    public async ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition,
        Epoch epoch,
        JournalTail at,
        IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        if (!_logs.TryGetValue(partition, out PartitionLog? log) || !log.Confirms(epoch))
        {
            return false;
        }

        if (log.Checkpoint is { } present && present.At.Revision >= at.Revision)
        {
            return true;
        }

        if (!log.Holds(at))
        {
            throw new ArgumentException($"Partition {partition} has no record that ends at {at}.", nameof(at));
        }

        CheckpointPointer pointer = new(Interlocked.Increment(ref _nextCheckpoint) - 1, epoch, at, 0);
        bool handedOver = false;
        try
        {
            foreach (ReadOnlyMemory<byte> chunk in chunks)
            {
                cancel.ThrowIfCancellationRequested();
                JournalLimits.CheckChunk(pointer.Chunks, chunk.Length);
                StoreChunkRequest request = new(log, pointer, pointer.Chunks, chunk);
                pointer = pointer with { Chunks = pointer.Chunks + 1 };
                _writer.EnqueueBackground(request);

                // Without the token: the chunk is the caller's buffer, so it must not be left behind in the queue.
                if (!await request.WaitAsync(CancellationToken.None))
                {
                    return false;
                }
            }

            MoveCheckpointRequest move = new(log, pointer);
            handedOver = true;
            _writer.Enqueue(move);
            return await move.WaitAsync(cancel);
        }
        finally
        {
            if (!handedOver)
            {
                _writer.Enqueue(new DropCheckpointRequest(log, pointer.Id, pointer.Chunks));
            }
        }
    }

    public async ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel)
    {
        if (!_logs.TryGetValue(partition, out PartitionLog? log))
        {
            return false;
        }

        TruncateRequest request = new(log, epoch, upTo);
        _writer.Enqueue(request);
        return await request.WaitAsync(cancel);
    }

    public IAsyncEnumerable<ImagePart> ExportAsync(CancellationToken cancel) => SqliteExport.RunAsync(_path, cancel);

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _writer.Close();
            _wal.Dispose();
            _source.Dispose();
            End();
            _database.Dispose();
            _folder.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    /// <summary>Moves everything into the one file, where nothing failed before, and says so.</summary>
    private void End()
    {
        if (_writer.HasFailed || _folder.Lost is not null)
        {
            return;
        }

        try
        {
            if (_database.Scalar("PRAGMA wal_checkpoint(TRUNCATE)") == 0)
            {
                _folder.Close();
            }
        }
        catch (SqliteFailure e) when (e.IsDiskFull)
        {
            // It stays in the WAL, where the next start finds it.
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(
        PartitionLog log, CheckpointPointer pointer, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (int i = 0; i < pointer.Chunks; i++)
        {
            cancel.ThrowIfCancellationRequested();
            long key = ChunkKey.Of(pointer.Id, i);
            byte[]? stored = _source.ReadChunk(key);
            if (stored is null && log.Checkpoint != pointer)
            {
                throw new JournalUnavailableException(
                    $"The checkpoint of partition {log.Partition} at {pointer.At.Revision} was replaced while it was "
                    + "read. "
                    + "Read it again.");
            }

            if (SealedBytes.Check(key, stored, out ReadOnlySpan<byte> _) is { } what)
            {
                throw new JournalDamagedException(
                    log.Partition, pointer.At.Revision, $"chunk {i} of its checkpoint cannot be read: {what}.");
            }

            yield return stored.AsMemory(SealedBytes.HeadBytes);
        }

        await Task.CompletedTask;
    }
}
