using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>
/// The durable, ordered, fenced log of every partition: the truth, of which grains are only the memory.
/// </summary>
/// <remarks>
/// <para><b>Who may call.</b> All members may run at once for different partitions, and Confirm, Read and
/// WriteCheckpoint beside an Append of the same one. At most one Append of a partition is in flight; its owner waits
/// for the outcome before the next.</para>
/// <para><b>Buffers.</b> Payloads handed in belong to the journal until the returned task ends, and must not change;
/// a caller that cancels an append's waiting gives its payload up for good. Payloads handed out belong to the
/// caller.</para>
/// <para><b>Exceptions.</b> Expected outcomes are values. <see cref="JournalDamagedException"/> names what is
/// unreadable; <see cref="OperationCanceledException"/> means that only the waiting ended; every other exception means
/// that the call did nothing, but for <see cref="AppendAsync"/>, which reports trouble as
/// <see cref="AppendStatus.Unknown"/>.</para>
/// </remarks>
public interface IJournal : IAsyncDisposable
{
    /// <summary>
    /// One or two words and the guarantee, for the line printed at start: "segment log, fdatasync on every write".
    /// </summary>
    string Durability { get; }

    /// <summary>
    /// Takes a partition over, in one atomic step: refuses a <paramref name="membershipVersion"/> older than the last
    /// acquirer's, reads the tail, appends the epoch record at tail + 1, stores the epoch. From its return no append of
    /// an older epoch can become durable. Checkpoint and records must be read after it, never before.
    /// </summary>
    /// <param name="partition">The partition to own.</param>
    /// <param name="owner">Names the owner in the epoch record, for people and for the chain.</param>
    /// <param name="membershipVersion">The version of the membership view that gave this owner the partition.</param>
    /// <param name="nowMs">The owner's clock, ms since 1970, kept in the epoch record.</param>
    /// <param name="cancel">Ends the waiting, not the step.</param>
    ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel);

    /// <summary>
    /// Makes one batch durable as one row, all or none. Succeeds only if the newest record is exactly
    /// <see cref="JournalAppend.Expected"/> and the epoch is the newest acquired. An identical append repeated is
    /// found with the same chain, and is Durable. On return with Durable the batch survives a power cut.
    /// </summary>
    ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel);

    /// <summary>
    /// True if no newer epoch than <paramref name="epoch"/> had been acquired at some moment after the call began.
    /// One's own append in flight does not falsify it.
    /// </summary>
    ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel);

    /// <summary>
    /// The records from <paramref name="from"/> (which must be the first revision of a record, or the next free one) to
    /// the tail, in order. Checks first = previous last + 1, epochs never falling, chain and CRC, and throws
    /// <see cref="JournalDamagedException"/> at the first record that fails. Never skips.
    /// Throws <see cref="JournalTruncatedException"/> if <paramref name="from"/> is below what is kept.
    /// </summary>
    IAsyncEnumerable<JournalRecord> ReadAsync(PartitionId partition, Revision from, CancellationToken cancel);

    /// <summary>The newest complete checkpoint, or null if there is none.</summary>
    ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel);

    /// <summary>
    /// Stores a partition's state at a revision, then moves the checkpoint pointer to it in one step. Refused (false)
    /// under an older epoch; a checkpoint at or below the present one changes nothing and is true. A crash on the way
    /// leaves the previous checkpoint whole. Chunks are taken one at a time, each at most 2 MiB, on the scheduler that
    /// the caller awaits on. A checkpoint stands at the end of a record.
    /// </summary>
    ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel);

    /// <summary>
    /// Forgets records up to and including <paramref name="upTo"/>, as far as the checkpoint covers them; keeps the
    /// newest record's position and the newest epoch. Refused (false) under an older epoch.
    /// </summary>
    ValueTask<bool> TruncateAsync(PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel);
}
