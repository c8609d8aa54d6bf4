using System.Collections.Concurrent;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Sqlite;

/// <summary>Rebuilds from the tables what the journal knows in memory. Changes nothing.</summary>
internal sealed class JournalOpening(SqliteDatabase database)
{
    private readonly Dictionary<PartitionId, StoredEpoch> _epochs = [];
    private readonly Dictionary<PartitionId, JournalTail> _forgotten = [];
    private readonly Dictionary<PartitionId, CheckpointPointer> _checkpoints = [];
    private readonly Dictionary<PartitionId, string> _damage = [];
    private long _newestRow;
    private long _newestCheckpoint;

    public ConcurrentDictionary<PartitionId, PartitionLog> Logs { get; } = new();

    public RowLedger Ledger { get; private set; } = new();

    public long NextRow => _newestRow + 1;

    /// <summary>The newest revisions of all partitions, added up.</summary>
    public ulong Records => Logs.Values.Aggregate(0UL, (sum, log) => sum + (ulong)log.Tail.Revision.Value);

    public long NextCheckpoint => _newestCheckpoint + 1;

    /// <summary>Checkpoints that never came to their end, or were replaced: id and number of chunk keys.</summary>
    public List<(long Id, int Chunks)> Leftovers { get; } = [];

    public void Run()
    {
        ReadEpochs();
        ReadForgotten();
        ReadCheckpoints();
        foreach (PartitionId partition in
            _epochs.Keys.Union(_forgotten.Keys).Union(_checkpoints.Keys).Union(_damage.Keys))
        {
            Logs[partition] = Restore(partition);
        }

        ReadFlushes();
        FindLeftovers();
    }

    private PartitionLog Restore(PartitionId partition)
    {
        StoredEpoch? epoch = _epochs.GetValueOrDefault(partition);
        PartitionLog log = new(partition);
        log.Restore(
            epoch is null ? default : new LogOwnership(epoch.Epoch, epoch.MembershipVersion, epoch.Incarnation),
            _forgotten.GetValueOrDefault(partition),
            _checkpoints.GetValueOrDefault(partition));
        if (_damage.TryGetValue(partition, out string? what))
        {
            log.Restoring().MarkTailDamaged(what);
        }

        return log;
    }

    private void ReadEpochs()
    {
        SqliteStatement rows = database.Prepare("SELECT partition, epoch, body FROM epoch ORDER BY partition, epoch");
        while (rows.Step())
        {
            PartitionId partition = new((uint)rows.Long(0));
            Epoch epoch = new(rows.Long(1));
            if (StoredEpoch.TryOpen(partition, epoch, rows.Blob(2), out StoredEpoch? record) is { } what)
            {
                _damage[partition] = $"the epoch record {epoch} cannot be read: {what}.";
            }
            else
            {
                _epochs[partition] = record!;
            }
        }

        rows.Reset();
    }

    private void ReadForgotten()
    {
        SqliteStatement rows = database.Prepare("SELECT partition, body FROM forgotten");
        while (rows.Step())
        {
            PartitionId partition = new((uint)rows.Long(0));
            if (StoredTail.TryOpen(partition, rows.Blob(1), out JournalTail tail) is { } what)
            {
                _damage[partition] = $"the note of what was truncated cannot be read: {what}.";
            }

            _forgotten[partition] = tail;
        }

        rows.Reset();
    }

    private void ReadCheckpoints()
    {
        SqliteStatement rows = database.Prepare("SELECT partition, body FROM checkpoint");
        while (rows.Step())
        {
            PartitionId partition = new((uint)rows.Long(0));
            if (CheckpointPointer.TryDecode(partition, rows.Blob(1), out CheckpointPointer? pointer) is { } what)
            {
                _damage[partition] = $"the pointer to its checkpoint cannot be read: {what}.";
            }
            else
            {
                _checkpoints[partition] = pointer!;
                _newestCheckpoint = Math.Max(_newestCheckpoint, pointer!.Id);
            }
        }

        rows.Reset();
    }

    private void ReadFlushes()
    {
        LogScan scan = new(Logs);
        SqliteStatement rows = database.Prepare("SELECT id, body FROM flush ORDER BY id");
        while (rows.Step())
        {
            _newestRow = rows.Long(0);
            scan.AddRow(_newestRow, rows.Blob(1));
        }

        rows.Reset();
        scan.Finish();
        Ledger = scan.Ledger;
        foreach ((PartitionId partition, PartitionLog log) in Logs)
        {
            CheckAgainst(
                log, _epochs.GetValueOrDefault(partition)?.Revision ?? Revision.None, "its newest epoch record");
            CheckAgainst(log, log.Checkpoint?.At.Revision ?? Revision.None, "its checkpoint");
        }
    }

    private static void CheckAgainst(PartitionLog log, Revision known, string what)
    {
        if (known > log.Tail.Revision)
        {
            log.Restoring().MarkTailDamaged(
                $"{what} stands at {known}, but the records end at {log.Tail.Revision}.");
        }
    }

    private void FindLeftovers()
    {
        HashSet<long> inUse = [.. _checkpoints.Values.Select(c => c.Id)];
        SqliteStatement rows = database.Prepare("SELECT id FROM checkpoint_chunk ORDER BY id");
        while (rows.Step())
        {
            long key = rows.Long(0);
            long id = ChunkKey.Checkpoint(key);
            _newestCheckpoint = Math.Max(_newestCheckpoint, id);
            if (inUse.Contains(id))
            {
                continue;
            }

            int chunks = ChunkKey.Number(key) + 1;
            if (Leftovers.Count > 0 && Leftovers[^1].Id == id)
            {
                Leftovers[^1] = (id, chunks);
            }
            else
            {
                Leftovers.Add((id, chunks));
            }
        }

        rows.Reset();
        if (_damage.Count > 0)
        {
            // They may belong to a pointer that cannot be read.
            Leftovers.Clear();
        }
    }
}
