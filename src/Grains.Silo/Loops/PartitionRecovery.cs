using Grains.Journal;
using Grains.Silo.Partitions;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Loops;

/// <summary>
/// Makes a server the owner of a partition: acquires, then reads the checkpoint, then the records after it. In this
/// order only: what was read before acquiring may miss what the former owner still wrote.
/// </summary>
/// <remarks>
/// Before a hand-over most of it is read ahead, while the other server still owns the partition. What was read ahead
/// decides nothing: it is gone on from only where the chain of the next record shows that it is the history.
/// </remarks>
public static class PartitionRecovery
{
    /// <summary>Reads what is there by now, or goes on from <paramref name="earlier"/>.</summary>
    public static async Task<PreloadedPartition> PreloadAsync(
        PartitionId id, PartitionRuntime runtime, PreloadedPartition? earlier, CancellationToken cancel)
    {
        try
        {
            PreloadedPartition preloaded = earlier ?? await RestoreAsync(id, runtime, cancel);
            return await ReplayAsync(preloaded, id, runtime, cancel);
        }
        catch (JournalTruncatedException) when (earlier is not null)
        {
            return await PreloadAsync(id, runtime, null, cancel);
        }
    }

    /// <exception cref="JournalDamagedException">Stored bytes are not what was written.</exception>
    /// <exception cref="JournalUnavailableException">A newer owner took the partition over meanwhile.</exception>
    public static async Task<RecoveryOutcome> RunAsync(
        PartitionId id, PartitionRuntime runtime, long membershipVersion, CancellationToken cancel) =>
        await RunAsync(id, runtime, membershipVersion, null, cancel);

    /// <inheritdoc cref="RunAsync(PartitionId, PartitionRuntime, long, CancellationToken)"/>
    public static async Task<RecoveryOutcome> RunAsync(
        PartitionId id, PartitionRuntime runtime, long membershipVersion, PreloadedPartition? ahead,
        CancellationToken cancel)
    {
        TimeProvider time = runtime.Time;
        IJournal journal = runtime.Journal;
        long begun = time.GetTimestamp();
        AcquireOutcome outcome = await journal.AcquireAsync(
            id, runtime.Server, membershipVersion, time.GetUtcNow().ToUnixTimeMilliseconds(), cancel);
        if (outcome is not AcquireOutcome.Acquired acquired)
        {
            return new RecoveryOutcome(null, outcome);
        }

        long acquiredAt = time.GetTimestamp();
        PreloadedPartition start = ahead ?? await RestoreAsync(id, runtime, cancel);
        long restoredAt = time.GetTimestamp();
        PreloadedPartition read = await GoOnAsync(start, ahead is not null, id, runtime, cancel);
        (PartitionMachine machine, JournalTail tail) = (read.Machine, read.Tail);
        if (tail != acquired.Tail)
        {
            // What was read beyond the own epoch record, or instead of it, may be a newer owner's: that is no damage.
            throw await journal.ConfirmAsync(id, acquired.Epoch, cancel)
                ? new JournalDamagedException(id, tail.Revision,
                    $"The newest record read is {tail}; acquiring found {acquired.Tail}.")
                : new JournalUnavailableException(
                    $"A newer owner took partition {id} over while {runtime.Server} was recovering it under "
                    + $"{acquired.Epoch}.");
        }

        var clock = new PartitionClock(time, machine.UptimeMs);
        machine.FormatLevel = runtime.FormatLevel();
        machine.IsPaused = runtime.IsPaused();
        machine.Open();
        var times = new RecoveryTimes(
            time.GetElapsedTime(begun, acquiredAt), time.GetElapsedTime(acquiredAt, restoredAt),
            time.GetElapsedTime(restoredAt));
        return new RecoveryOutcome(
            new OwnedPartition(id, machine, acquired.Epoch, tail)
            {
                Clock = clock, Times = times, ReplayedBytes = read.ReplayedBytes
            },
            outcome);
    }

    /// <summary>
    /// What was read ahead is of no use if it is not what the history became, or if its end is forgotten.
    /// </summary>
    private static async Task<PreloadedPartition> GoOnAsync(
        PreloadedPartition start, bool isAhead, PartitionId id, PartitionRuntime runtime, CancellationToken cancel)
    {
        try
        {
            return await ReplayAsync(start, id, runtime, cancel);
        }
        catch (Exception e) when (isAhead && e is JournalTruncatedException or StrayPreloadException)
        {
            return await ReplayAsync(await RestoreAsync(id, runtime, cancel), id, runtime, cancel);
        }
    }

    private static async Task<PreloadedPartition> RestoreAsync(
        PartitionId id, PartitionRuntime runtime, CancellationToken cancel)
    {
        var machine = new PartitionMachine(id, runtime.Limits, runtime.Schedule);
        if (await runtime.Journal.ReadCheckpointAsync(id, cancel) is not { } checkpoint)
        {
            return new PreloadedPartition(machine, JournalTail.Empty, 0);
        }

        await foreach (ReadOnlyMemory<byte> chunk in checkpoint.Chunks.WithCancellation(cancel))
        {
            machine.RestoreChunk(chunk.Span);
        }

        machine.RestoreDone(checkpoint.At.Revision);
        return new PreloadedPartition(machine, checkpoint.At, 0);
    }

    private static async Task<PreloadedPartition> ReplayAsync(
        PreloadedPartition from, PartitionId id, PartitionRuntime runtime, CancellationToken cancel)
    {
        (PartitionMachine machine, JournalTail tail, long bytes) = from;
        await foreach (JournalRecord record in runtime.Journal.ReadAsync(id, tail.Revision.Next, cancel))
        {
            if (JournalChain.Next(
                tail.Chain, record.Epoch, record.First, record.Count, record.Payload.Span) != record.Chain)
            {
                throw new StrayPreloadException(id, tail.Revision);
            }

            Replay(machine, record);
            bytes += record.Payload.Length;
            tail = record.Tail;
        }

        return new PreloadedPartition(machine, tail, bytes);
    }

    private static void Replay(PartitionMachine machine, JournalRecord record)
    {
        if (record.Kind == JournalRecordKind.Epoch)
        {
            EpochRecord epoch = EpochRecord.Decode(record.Payload.Span);
            machine.ReplayEpoch(record.First, record.Epoch, epoch.Incarnation, epoch.AcquiredAtMs);
        }
        else
        {
            machine.Replay(record.First, record.Count, record.Payload.Span);
        }
    }
}

/// <summary>A partition's state as far as it was read, by a server that need not own it.</summary>
/// <param name="Machine">Not open yet.</param>
/// <param name="Tail">The last record in it.</param>
/// <param name="ReplayedBytes">Of records after the checkpoint.</param>
public sealed record PreloadedPartition(PartitionMachine Machine, JournalTail Tail, long ReplayedBytes);

/// <summary>
/// What a recovery came to: <paramref name="Owned"/>, or null where <paramref name="Acquire"/> was no yes.
/// </summary>
public sealed record RecoveryOutcome(OwnedPartition? Owned, AcquireOutcome Acquire);

/// <summary>A partition in memory, as of its newest durable record.</summary>
public sealed record OwnedPartition(PartitionId Id, PartitionMachine Machine, Epoch Epoch, JournalTail Tail)
{
    internal PartitionClock Clock { get; init; } = null!;

    public required RecoveryTimes Times { get; init; }

    /// <summary>Bytes of the records after the checkpoint: what the next recovery would replay too.</summary>
    public long ReplayedBytes { get; init; }
}
