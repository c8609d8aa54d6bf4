using System.Collections.Concurrent;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Memory;

/// <summary>
/// What outlives a simulated process: rows of bytes, checkpoints, epochs. Several journals may be open on one disk, as
/// several servers on one database. Every step is atomic; nothing happens by itself.
/// </summary>
public sealed class MemoryDisk
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<long, byte[]> _rows = [];
    private readonly Dictionary<PartitionId, LogOwnership> _owners = [];
    private readonly Dictionary<PartitionId, JournalTail> _forgotten = [];
    private readonly Dictionary<PartitionId, CheckpointPointer> _checkpoints = [];
    private readonly Dictionary<(long Checkpoint, int Number), byte[]> _chunks = [];
    private readonly Queue<JournalAppend> _underWay = new();
    private readonly FlushRowWriter _writer = new();
    private ConcurrentDictionary<PartitionId, PartitionLog> _logs = new();
    private RowLedger _ledger = new();
    private long _nextRow = 1;
    private long _nextCheckpoint = 1;

    /// <summary>Writes that their callers gave up on and that have not landed.</summary>
    public int WritesUnderWay
    {
        get
        {
            lock (_gate)
            {
                return _underWay.Count;
            }
        }
    }

    /// <summary>Rows kept now.</summary>
    public int Rows
    {
        get
        {
            lock (_gate)
            {
                return _rows.Count;
            }
        }
    }

    /// <summary>Checkpoint chunks kept now, those of unfinished checkpoints included.</summary>
    public int Chunks
    {
        get
        {
            lock (_gate)
            {
                return _chunks.Count;
            }
        }
    }

    /// <summary>The oldest write under way lands, if it still may.</summary>
    /// <returns>Its outcome, which nobody waits for; null if none was under way.</returns>
    public AppendStatus? LandOne()
    {
        lock (_gate)
        {
            return _underWay.TryDequeue(out JournalAppend? append) ? Append(append).Status : null;
        }
    }

    /// <summary>What a power cut at this moment would leave, as a disk of its own.</summary>
    public MemoryDisk Copy()
    {
        lock (_gate)
        {
            MemoryDisk copy = new();
            foreach ((long id, byte[] body) in _rows)
            {
                copy._rows.Add(id, [.. body]);
            }

            CopyTo(copy._owners, _owners);
            CopyTo(copy._forgotten, _forgotten);
            CopyTo(copy._checkpoints, _checkpoints);
            CopyTo(copy._chunks, _chunks);
            copy.Recover();
            return copy;
        }
    }

    /// <summary>Flips one bit of the newest row that holds these bytes.</summary>
    /// <returns>False if there is none.</returns>
    public bool Damage(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            foreach (byte[] body in _rows.Values.Reverse())
            {
                int at = body.AsSpan().LastIndexOf(bytes);
                if (at >= 0)
                {
                    body[at] ^= 1;
                    Recover();
                    return true;
                }
            }

            return false;
        }
    }

    internal AppendOutcome Append(JournalAppend append)
    {
        lock (_gate)
        {
            PartitionLog log = Log(append.Partition);
            if (log.Judge(append) is { } outcome)
            {
                return outcome;
            }

            log.Stage(append);
            WriteRow(log, FlushEntry.Of(append));
            return AppendOutcome.Durable;
        }
    }

    /// <summary>The row reaches the disk up to <paramref name="cut"/> of its bytes, and the power goes.</summary>
    internal void AppendTorn(JournalAppend append, Func<int, int> cut)
    {
        lock (_gate)
        {
            PartitionLog log = Log(append.Partition);
            if (log.Judge(append) is null)
            {
                log.Stage(append);
                long row = _nextRow;
                WriteRow(log, FlushEntry.Of(append));
                _rows[row] = _rows[row][..cut(_rows[row].Length)];
            }

            Recover();
        }
    }

    internal void SendLate(JournalAppend append)
    {
        lock (_gate)
        {
            // Its caller is told at once, and may use the buffer again.
            _underWay.Enqueue(append with { Payload = append.Payload.ToArray() });
        }
    }

    internal AcquireOutcome Acquire(PartitionId partition, string owner, long membershipVersion, long nowMs)
    {
        lock (_gate)
        {
            PartitionLog log = Log(partition);
            if (log.TailDamage is { } damage)
            {
                throw damage.Exception();
            }

            if (log.OutdatedBy(membershipVersion) is { } newest)
            {
                return new AcquireOutcome.OutdatedView(newest);
            }

            EpochGrant grant = log.StageAcquire(owner, membershipVersion, nowMs);
            _owners[partition] = new LogOwnership(
                grant.Entry.Epoch, membershipVersion, _owners.GetValueOrDefault(partition).Incarnation);
            WriteRow(log, grant.Entry);
            return grant.Outcome;
        }
    }

    internal bool Confirms(PartitionId partition, Epoch epoch)
    {
        lock (_gate)
        {
            return Log(partition).Confirms(epoch);
        }
    }

    internal long NewCheckpoint()
    {
        lock (_gate)
        {
            return _nextCheckpoint++;
        }
    }

    internal CheckpointPointer? Checkpoint(PartitionId partition)
    {
        lock (_gate)
        {
            return _checkpoints.GetValueOrDefault(partition);
        }
    }

    internal bool Holds(PartitionId partition, JournalTail at)
    {
        lock (_gate)
        {
            return Log(partition).Holds(at);
        }
    }

    internal bool StoreChunk(PartitionId partition, CheckpointPointer of, ReadOnlyMemory<byte> chunk)
    {
        lock (_gate)
        {
            bool owns = Log(partition).Owns(of.Epoch);
            if (owns)
            {
                _chunks[(of.Id, of.Chunks)] = chunk.ToArray();
            }

            return owns;
        }
    }

    internal byte[]? Chunk(long checkpoint, int number)
    {
        lock (_gate)
        {
            return _chunks.GetValueOrDefault((checkpoint, number));
        }
    }

    internal bool MoveCheckpoint(PartitionId partition, CheckpointPointer to)
    {
        lock (_gate)
        {
            PartitionLog log = Log(partition);
            if (!log.Owns(to.Epoch))
            {
                return false;
            }

            if (log.Stage(to))
            {
                _checkpoints[partition] = to;
                log.Publish(to);
            }

            return true;
        }
    }

    /// <summary>Deletes the chunks of those of the two checkpoints that the pointer does not name.</summary>
    internal void SweepChunks(PartitionId partition, CheckpointPointer? before, CheckpointPointer after)
    {
        lock (_gate)
        {
            long? named = _checkpoints.GetValueOrDefault(partition)?.Id;
            foreach ((long Checkpoint, int Number) key in _chunks.Keys.ToList())
            {
                if (key.Checkpoint != named && (key.Checkpoint == before?.Id || key.Checkpoint == after.Id))
                {
                    _chunks.Remove(key);
                }
            }
        }
    }

    internal bool Truncate(PartitionId partition, Epoch epoch, Revision upTo)
    {
        lock (_gate)
        {
            PartitionLog log = Log(partition);
            if (!log.Owns(epoch))
            {
                return false;
            }

            if (log.ForgettableUpTo(upTo) is { } to)
            {
                _forgotten[partition] = to;
                _ledger.Release(log.Forget(to)).ForEach(row => _rows.Remove(row.Row));
            }

            return true;
        }
    }

    internal (LogPage Page, byte[]?[] Payloads) Read(PartitionId partition, Revision from, Revision through)
    {
        lock (_gate)
        {
            LogPage page = Log(partition).Page(from, through);
            return (page, [.. page.Entries.Select(e => Payload(e.Place))]);
        }
    }

    internal Revision Tail(PartitionId partition)
    {
        lock (_gate)
        {
            return Log(partition).Tail.Revision;
        }
    }

    /// <summary>Every partition that was acquired, with what begins its image.</summary>
    internal List<(ImagePart.Begin Begin, CheckpointPointer? Checkpoint)> Partitions()
    {
        lock (_gate)
        {
            return
            [
                .. from owner in _owners
                   orderby owner.Key
                   let pointer = _checkpoints.GetValueOrDefault(owner.Key)
                   select (new ImagePart.Begin(
                       owner.Key, owner.Value.Epoch, owner.Value.Incarnation,
                       pointer?.At ?? JournalTail.Empty), pointer),
            ];
        }
    }

    /// <summary>All of an image at once, where nothing is.</summary>
    internal void Import(List<ImportedPartition> partitions)
    {
        lock (_gate)
        {
            if (_owners.Count > 0)
            {
                throw new JournalUnavailableException(
                    "The disk holds partitions already; nothing was changed. Use a new one.");
            }

            foreach (ImportedPartition partition in partitions)
            {
                (PartitionId id, JournalTail at) = (partition.Begin.Partition, partition.Begin.Checkpoint);
                _owners[id] = new LogOwnership(partition.Records[^1].Epoch, 0, partition.Begin.Incarnation + 1);
                if (partition.Begin.HasCheckpoint)
                {
                    _checkpoints[id] = new CheckpointPointer(
                        _nextCheckpoint++, partition.Begin.Epoch, at, partition.Chunks.Count);
                    _forgotten[id] = at;
                    for (int i = 0; i < partition.Chunks.Count; i++)
                    {
                        _chunks.Add((_checkpoints[id].Id, i), partition.Chunks[i]);
                    }
                }

                foreach (FlushEntry entry in partition.Records)
                {
                    _writer.Clear();
                    _writer.Add(entry);
                    _rows[_nextRow] = _writer.Finish(_nextRow).ToArray();
                    _nextRow++;
                }
            }

            Recover();
        }
    }

    /// <summary>A process ended: what it had not finished is cleaned as the next start would.</summary>
    internal void Recover()
    {
        lock (_gate)
        {
            DropTornRow();
            _logs = new ConcurrentDictionary<PartitionId, PartitionLog>();
            foreach ((PartitionId partition, LogOwnership owner) in _owners)
            {
                _logs[partition] = new PartitionLog(partition);
                _logs[partition].Restore(
                    owner, _forgotten.GetValueOrDefault(partition), _checkpoints.GetValueOrDefault(partition));
            }

            LogScan scan = new(_logs);
            foreach ((long id, byte[] body) in _rows)
            {
                scan.AddRow(id, body);
            }

            scan.Finish();
            _ledger = scan.Ledger;
            _ledger.TakeUnneeded().ForEach(row => _rows.Remove(row.Row));
            _nextRow = _rows.Count == 0 ? 1 : _rows.Keys.Max() + 1;
            _nextCheckpoint = Math.Max(
                _nextCheckpoint, _chunks.Count == 0 ? 1 : _chunks.Keys.Max(k => k.Checkpoint) + 1);
        }
    }

    private static void CopyTo<TKey, TValue>(Dictionary<TKey, TValue> to, Dictionary<TKey, TValue> from)
        where TKey : notnull
    {
        foreach ((TKey key, TValue value) in from)
        {
            to.Add(key, value);
        }
    }

    private PartitionLog Log(PartitionId partition) => _logs.GetOrAdd(partition, id => new PartitionLog(id));

    private byte[]? Payload(LogPlace place) =>
        _rows.TryGetValue(place.Row, out byte[]? body) && place.Offset + place.Length <= body.Length
            ? body.AsSpan(place.Offset, place.Length).ToArray()
            : null;

    private void WriteRow(PartitionLog log, in FlushEntry entry)
    {
        _writer.Clear();
        _writer.Add(entry);
        _rows[_nextRow] = _writer.Finish(_nextRow).ToArray();
        _ledger.Add(_nextRow, (int)_writer.Bytes, needed: 1);
        log.Publish(_writer.Entry(0));
        _nextRow++;
    }

    /// <summary>A row that did not get to its end was never there: that is what a database promises.</summary>
    private void DropTornRow()
    {
        if (_rows.Count == 0)
        {
            return;
        }

        (long id, byte[] body) = _rows.Last();
        List<DirectoryEntry> directory = [];
        bool whole = FlushRow.ReadDirectory(id, body, directory) is null
            && directory.All(e => e.Entry.Place.Offset + e.Entry.Place.Length <= body.Length);
        if (!whole)
        {
            _rows.Remove(id);
        }
    }
}
