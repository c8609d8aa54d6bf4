using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Grains.Journal.Folders;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Segments;

/// <summary>
/// The embedded journal: one folder, one process, a log in segments, every answer after a sync that all partitions
/// share. What may be appended is decided in memory, which the LOCK file makes the only memory there is.
/// </summary>
public sealed class SegmentJournal : ILedJournal, IJournalExport
{
    private readonly SegmentJournalOptions _options;
    private readonly DataFolder _folder;
    private readonly ConcurrentDictionary<PartitionId, PartitionLog> _logs = new();
    private readonly SegmentSet _set = new();
    private readonly SegmentStock _stock;
    private readonly SegmentKeeper _keeper = new();
    private readonly CheckpointFiles _checkpoints;
    private readonly SegmentWriter _writer;
    private int _disposed;

    private SegmentJournal(SegmentJournalOptions options, DataFolder folder)
    {
        (_options, _folder) = (options, folder);
        string path = folder[SegmentNames.Folder];
        _stock = new SegmentStock(path, options.SegmentBytes);
        try
        {
            JournalFolder.Open(folder);
            SegmentOpening? opening = Read(folder, SegmentFiles.Find(folder));
            (_logs, _set) = (opening?.Logs ?? _logs, opening?.Set ?? _set);
            _checkpoints = new CheckpointFiles(path, _keeper, _set);
            if (_checkpoints.Open(opening?.Checkpoints ?? []) is ({ } name, { } what))
            {
                throw folder.Refusal(Path.Combine(SegmentNames.Folder, name), what);
            }

            _stock.Open();
            SegmentLog log = new(_set, _stock, _keeper, opening?.Notes ?? new NoteTable(), options);
            SegmentStart.Begin(log, folder, _set, opening);
            SegmentUpkeep upkeep = new(opening?.Ledger ?? new RowLedger(), _set);
            _writer = new SegmentWriter(log, upkeep, _keeper, options);
        }
        catch
        {
            CloseFiles();
            throw;
        }
    }

    /// <summary>Where it is; what else belongs there is compared with it.</summary>
    public DataFolder Folder => _folder;

    /// <summary>Some partition was begun here.</summary>
    public bool HoldsPartitions => !_logs.IsEmpty;

    public string Durability => _options.Synchronous
        ? $"segment log in {_options.Folder}, fdatasync before every answer"
        : $"segment log in {_options.Folder}, WITHOUT FSYNC: A POWER CUT LOSES ANSWERED WRITES (for tests only)";

    /// <summary>
    /// Takes the folder, reads it through once, and begins to write. Blocks for as long as that takes.
    /// </summary>
    /// <exception cref="JournalUnavailableException">
    /// Another process has it, or something in it is not what was written.
    /// </exception>
    public static SegmentJournal Open(SegmentJournalOptions options)
    {
        options.Validate();
        options = options with { Folder = Path.GetFullPath(options.Folder) };
        DataFolder folder = DataFolder.Open(options.Folder, options.Files);
        try
        {
            return new SegmentJournal(options, folder);
        }
        catch (Exception e)
        {
            folder.Dispose();
            if (e is IOException or NoRoomException)
            {
                throw new JournalUnavailableException(
                    $"The journal in {options.Folder} cannot be opened. {FolderAccess.Reason(e)}", e);
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
        if (Refuse(append, out PartitionLog? log) is { } refused)
        {
            return new(refused);
        }

        AppendRequest request = new(log!, append);
        _writer.Enqueue(request);
        return request.WaitAsync(cancel);
    }

    public void Flush(IReadOnlyList<LedAppend> appends)
    {
        List<WriteRequest> batch = new(appends.Count);
        foreach (LedAppend led in appends)
        {
            if (Refuse(led.Append, out PartitionLog? log) is { } refused)
            {
                led.Outcome = refused;
            }
            else
            {
                batch.Add(new LedRequest(log!, led));
            }
        }

        if (batch.Count > 0)
        {
            _writer.Flush(batch);
        }
    }

    public ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        new(_logs.TryGetValue(partition, out PartitionLog? log) && log.Confirms(epoch));

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        PartitionLog log = _logs.GetOrAdd(partition, id => new PartitionLog(id));
        foreach (JournalRecord record in LogReading.Read(log, from, log.Tail.Revision, _set.Read, _set.Where))
        {
            cancel.ThrowIfCancellationRequested();
            yield return record;
        }

        await Task.CompletedTask;
    }

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel)
    {
        CheckpointPointer? pointer = _logs.TryGetValue(partition, out PartitionLog? log) ? log.Checkpoint : null;
        return new(pointer is null
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

        try
        {
            return await WriteAsync(log, epoch, at, chunks, cancel) is { } written
                && await PointAsync(log, written, cancel);
        }
        catch (IOException e) when (FolderAccess.IsDiskFull(e))
        {
            throw new JournalUnavailableException(Full(), e);
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

    public async IAsyncEnumerable<ImagePart> ExportAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        CutRequest request = new(_logs, _set);
        _writer.Enqueue(request);

        // Without the token: from the cut on, somebody has to give it up.
        List<PartitionLog> cut = await request.WaitAsync(CancellationToken.None);
        try
        {
            foreach (ImagePart part in cut.SelectMany(log => SegmentExport.Parts(log, _set, _checkpoints)))
            {
                cancel.ThrowIfCancellationRequested();
                yield return part;
            }
        }
        finally
        {
            _set.Unpin();
        }
    }

    public ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            _writer.Close();
            CloseFiles();
            if (!_writer.HasFailed && _folder.Lost is null)
            {
                _folder.Close();
            }

            _folder.Dispose();
        }

        return ValueTask.CompletedTask;
    }

    private static SegmentOpening? Read(DataFolder folder, SegmentFiles? files)
    {
        if (files is null)
        {
            return null;
        }

        try
        {
            SegmentOpening opening = new(folder, files);
            opening.Run();
            return opening;
        }
        catch
        {
            files.Dispose();
            throw;
        }
    }

    private async Task<CheckpointPointer?> WriteAsync(
        PartitionLog log,
        Epoch epoch,
        JournalTail at,
        IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        using CheckpointDraft draft = _checkpoints.Begin(log.Partition, epoch, at);
        foreach (ReadOnlyMemory<byte> chunk in chunks)
        {
            cancel.ThrowIfCancellationRequested();
            JournalLimits.CheckChunk(draft.Pointer.Chunks, chunk.Length);
            if (!log.Confirms(epoch))
            {
                return null;
            }

            await Task.Run(() => draft.Add(chunk.Span), CancellationToken.None);
        }

        await Task.Run(draft.Finish, CancellationToken.None);
        return draft.Pointer;
    }

    private async Task<bool> PointAsync(PartitionLog log, CheckpointPointer to, CancellationToken cancel)
    {
        MoveCheckpointRequest move = new(log, to, _checkpoints);
        _writer.Enqueue(move);
        return await move.WaitAsync(cancel);
    }

    /// <summary>Null: it is to be judged when it is flushed.</summary>
    private AppendOutcome? Refuse(JournalAppend append, out PartitionLog? log) =>
        !_logs.TryGetValue(append.Partition, out log)
            ? new AppendOutcome(
                AppendStatus.Fenced, $"Partition {append.Partition} was never acquired here; acquire it first.")
        : _folder.IsTight ? new AppendOutcome(AppendStatus.Refused, Full())
        : null;

    private string Full() => $"The disk of {_options.Folder} is full; nothing was written. Free space there.";

    private void CloseFiles()
    {
        _keeper.Dispose();
        _stock.Close();
        _set.All().ForEach(f => f.Dispose());
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(
        PartitionLog log, CheckpointPointer pointer, [EnumeratorCancellation] CancellationToken cancel)
    {
        bool IsReplaced() => log.Checkpoint != pointer;
        foreach (ReadOnlyMemory<byte> chunk in _checkpoints.Read(log.Partition, pointer, IsReplaced))
        {
            cancel.ThrowIfCancellationRequested();
            yield return chunk;
        }

        await Task.CompletedTask;
    }
}
