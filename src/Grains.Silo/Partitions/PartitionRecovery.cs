using Grains.Journal;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Partitions;

namespace Grains.Silo.Partitions;

/// <summary>
/// Makes a server the owner of a partition: acquires, then reads the checkpoint, then the records after it. In this
/// order only: what was read before acquiring may miss what the former owner still wrote.
/// </summary>
public static class PartitionRecovery
{
    /// <exception cref="JournalDamagedException">Stored bytes are not what was written.</exception>
    /// <exception cref="JournalUnavailableException">A newer owner took the partition over meanwhile.</exception>
    public static async Task<RecoveryOutcome> RunAsync(
        PartitionId id, PartitionRuntime runtime, long membershipVersion, CancellationToken cancel)
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
        var machine = new PartitionMachine(id, runtime.Limits);
        JournalTail tail = await RestoreAsync(machine, journal, id, cancel);
        long restoredAt = time.GetTimestamp();
        long replayedBytes = 0;
        await foreach (JournalRecord record in journal.ReadAsync(id, tail.Revision.Next, cancel))
        {
            Replay(machine, record);
            replayedBytes += record.Payload.Length;
            tail = record.Tail;
        }

        if (tail != acquired.Tail)
        {
            // What was read beyond the own epoch record, or instead of it, may be a newer owner's: that is no damage.
            throw await journal.ConfirmAsync(id, acquired.Epoch, cancel)
                ? new JournalDamagedException(id, tail.Revision,
                    $"The newest record read is {tail}; acquiring found {acquired.Tail}.")
                : new JournalUnavailableException(
                    $"A newer owner took partition {id} over while {runtime.Server} was recovering it under {acquired.Epoch}.");
        }

        var clock = new RecordClock(time, machine.LastRecordTimeMs);
        machine.Open();
        var times = new RecoveryTimes(
            time.GetElapsedTime(begun, acquiredAt), time.GetElapsedTime(acquiredAt, restoredAt),
            time.GetElapsedTime(restoredAt));
        return new RecoveryOutcome(
            new OwnedPartition(id, machine, acquired.Epoch, tail) { Clock = clock, Times = times, ReplayedBytes = replayedBytes },
            outcome);
    }

    private static async Task<JournalTail> RestoreAsync(
        PartitionMachine machine, IJournal journal, PartitionId id, CancellationToken cancel)
    {
        if (await journal.ReadCheckpointAsync(id, cancel) is not { } checkpoint)
        {
            return JournalTail.Empty;
        }

        await foreach (ReadOnlyMemory<byte> chunk in checkpoint.Chunks.WithCancellation(cancel))
        {
            machine.RestoreChunk(chunk.Span);
        }

        machine.RestoreDone(checkpoint.At.Revision);
        return checkpoint.At;
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

/// <summary>What a recovery came to: <paramref name="Owned"/>, or null where <paramref name="Acquire"/> was no yes.</summary>
public sealed record RecoveryOutcome(OwnedPartition? Owned, AcquireOutcome Acquire);

/// <summary>A partition in memory, as of its newest durable record.</summary>
public sealed record OwnedPartition(PartitionId Id, PartitionMachine Machine, Epoch Epoch, JournalTail Tail)
{
    internal RecordClock Clock { get; init; } = null!;

    public required RecoveryTimes Times { get; init; }

    /// <summary>Bytes of the records after the checkpoint: what the next recovery would replay too.</summary>
    public long ReplayedBytes { get; init; }
}

/// <summary>Where the time of a recovery went.</summary>
[GenerateSerializer, Immutable, Alias("grains.recovery-times")]
public readonly record struct RecoveryTimes(
    [property: Id(0)] TimeSpan Acquire, [property: Id(1)] TimeSpan Checkpoint, [property: Id(2)] TimeSpan Records)
{
    public TimeSpan Total => Acquire + Checkpoint + Records;
}
