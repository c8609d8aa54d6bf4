using System.Runtime.CompilerServices;
using Grains.Journal.Images;
using Grains.Journal.Log;
using Grains.StateMachines.Ids;

namespace Grains.Journal.Memory;

/// <summary>
/// A journal in memory for tests and simulation: as strict as the real ones, with faults on demand. It starts no thread
/// and no timer, and answers at once unless told to pause, so that one seed gives one run.
/// </summary>
public sealed class MemoryJournal(MemoryDisk disk, MemoryJournalOptions? options = null) : IJournal, IJournalExport
{
    private readonly MemoryJournalOptions _options = options ?? new MemoryJournalOptions();
    private MemoryStep? _crashedAt;

    public MemoryJournal()
        : this(new MemoryDisk())
    {
    }

    public string Durability => "Memory: everything is lost when the process ends";

    /// <summary>What a new journal is opened on after this one crashed.</summary>
    public MemoryDisk Disk => disk;

    /// <summary>True once a fault ended the simulated process.</summary>
    public bool HasCrashed => _crashedAt is not null;

    /// <summary>The simulated process ends now: every call under way or yet to come throws.</summary>
    public void Crash() => CrashAt(MemoryStep.Read);

    public async ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel)
    {
        return await StepAsync(MemoryStep.Acquire, partition, Take).WaitAsync(cancel);

        AcquireOutcome Take(MemoryFault fault) => fault == MemoryFault.NotHere
            ? new AcquireOutcome.NotHere(_options.Candidates ?? [])
            : disk.Acquire(partition, owner, membershipVersion, nowMs);
    }

    public async ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel) =>
        await StepAsync(MemoryStep.Append, append.Partition, fault => Append(append, fault)).WaitAsync(cancel);

    public async ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        await StepAsync(MemoryStep.Confirm, partition, _ => disk.Confirms(partition, epoch)).WaitAsync(cancel);

    public async IAsyncEnumerable<JournalRecord> ReadAsync(
        PartitionId partition, Revision from, [EnumeratorCancellation] CancellationToken cancel)
    {
        Revision through = disk.Tail(partition);
        while (true)
        {
            (LogPage page, byte[]?[] payloads) = await StepAsync(
                MemoryStep.Read, partition, _ => disk.Read(partition, from, through)).WaitAsync(cancel);
            if (page.Oldest is { } oldest)
            {
                throw new JournalTruncatedException(partition, from, oldest);
            }

            JournalTail before = page.Before;
            for (int i = 0; i < page.Entries.Count; i++)
            {
                yield return RecordReader.Read(partition, before, page.Entries[i], payloads[i] ?? []);
                before = page.Entries[i].Tail;
            }

            if (page.Damage is { } damage)
            {
                throw damage.Exception();
            }

            from = before.Revision.Next;
            if (from > through)
            {
                yield break;
            }
        }
    }

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel)
    {
        ThrowIfCrashed();
        CheckpointPointer? pointer = disk.Checkpoint(partition);
        return new(pointer is null ? null : new StoredCheckpoint(pointer.At, ReadChunksAsync(partition, pointer)));
    }

    public async ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition,
        Epoch epoch,
        JournalTail at,
        IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel)
    {
        ThrowIfCrashed();
        CheckpointPointer? present = disk.Checkpoint(partition);
        if (!disk.Confirms(partition, epoch) || present?.At.Revision >= at.Revision)
        {
            return disk.Confirms(partition, epoch);
        }

        if (!disk.Holds(partition, at))
        {
            throw new ArgumentException($"Partition {partition} has no record that ends at {at}.", nameof(at));
        }

        CheckpointPointer pointer = new(disk.NewCheckpoint(), epoch, at, 0);
        try
        {
            foreach (ReadOnlyMemory<byte> chunk in chunks)
            {
                cancel.ThrowIfCancellationRequested();
                JournalLimits.CheckChunk(pointer.Chunks, chunk.Length);
                if (!await StepAsync(
                    MemoryStep.CheckpointChunk, partition, _ => disk.StoreChunk(partition, pointer, chunk)))
                {
                    return false;
                }

                pointer = pointer with { Chunks = pointer.Chunks + 1 };
            }

            return await StepAsync(
                MemoryStep.CheckpointPointer, partition, _ => disk.MoveCheckpoint(partition, pointer));
        }
        finally
        {
            // A crash sweeps nothing: what it leaves must harm nobody.
            if (!HasCrashed)
            {
                disk.SweepChunks(partition, present, pointer);
            }
        }
    }

    public async ValueTask<bool> TruncateAsync(
        PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) =>
        await StepAsync(MemoryStep.Truncate, partition, _ => disk.Truncate(partition, epoch, upTo)).WaitAsync(cancel);

    public async IAsyncEnumerable<ImagePart> ExportAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        ThrowIfCrashed();
        MemoryJournal cut = new(disk.Copy());
        foreach ((ImagePart.Begin begin, CheckpointPointer? checkpoint) in cut.Disk.Partitions())
        {
            yield return begin;
            for (int i = 0; i < checkpoint?.Chunks; i++)
            {
                yield return new ImagePart.Chunk(cut.Disk.Chunk(checkpoint.Id, i));
            }

            JournalTail tail = begin.Checkpoint;
            await foreach (JournalRecord record in cut.ReadAsync(begin.Partition, tail.Revision.Next, cancel))
            {
                yield return new ImagePart.Entry(record);
                tail = record.Tail;
            }

            yield return new ImagePart.End(tail);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private AppendOutcome Append(JournalAppend append, MemoryFault fault)
    {
        switch (fault)
        {
            case MemoryFault.Refused:
                return new AppendOutcome(AppendStatus.Refused, "A planned error; nothing was written.");
            case MemoryFault.UnknownNotWritten:
                return Lost();
            case MemoryFault.UnknownWrittenLater:
                disk.SendLate(append);
                return Lost();
            case MemoryFault.UnknownWritten:
                disk.Append(append);
                return Lost();
            case MemoryFault.UnknownWrittenTwice:
                disk.Append(append);
                disk.SendLate(append);
                return Lost();
            case MemoryFault.Torn:
                disk.AppendTorn(append, _options.Faults!.Cut);
                throw CrashAt(MemoryStep.Append);
            default:
                return disk.Append(append);
        }

        static AppendOutcome Lost() => new(AppendStatus.Unknown, "The answer was lost.");
    }

    private async Task<T> StepAsync<T>(MemoryStep step, PartitionId partition, Func<MemoryFault, T> take)
    {
        await PauseAsync(step, partition);
        MemoryFault fault = _options.Faults?.Next(step) ?? MemoryFault.None;
        if (_options.Faults?.LandsNow() == true)
        {
            disk.LandOne();
        }

        if (fault == MemoryFault.CrashBefore)
        {
            throw CrashAt(step);
        }

        T outcome = take(fault);
        if (fault == MemoryFault.CrashAfter)
        {
            throw CrashAt(step);
        }

        await PauseAsync(step, partition);
        return outcome;
    }

    private async Task PauseAsync(MemoryStep step, PartitionId partition)
    {
        ThrowIfCrashed();
        if (_options.Pause is { } pause)
        {
            await pause(step, partition);
            ThrowIfCrashed();
        }
    }

    private MemoryCrashException CrashAt(MemoryStep step)
    {
        _crashedAt ??= step;
        disk.Recover();
        return new MemoryCrashException(step);
    }

    private void ThrowIfCrashed()
    {
        if (_crashedAt is { } step)
        {
            throw new MemoryCrashException(step);
        }
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadChunksAsync(
        PartitionId partition, CheckpointPointer pointer)
    {
        for (int i = 0; i < pointer.Chunks; i++)
        {
            int number = i;
            byte[]? chunk = await StepAsync(MemoryStep.Read, partition, _ => disk.Chunk(pointer.Id, number));
            yield return chunk ?? throw new JournalUnavailableException(
                $"The checkpoint of partition {partition} at {pointer.At.Revision} was replaced while it was read. "
                    + "Read it again.");
        }
    }
}
