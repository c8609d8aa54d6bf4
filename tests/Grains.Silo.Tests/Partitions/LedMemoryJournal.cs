using Grains.Journal;
using Grains.Journal.Memory;
using Grains.StateMachines.Ids;

namespace Grains.Silo.Tests.Partitions;

/// <summary>
/// A journal in memory whose flushes the engine leads; a test can hold one, or decide what it comes to.
/// </summary>
internal sealed class LedMemoryJournal(MemoryJournal inner) : ILedJournal
{
    private readonly List<int> _flushes = [];

    /// <summary>On the thread that leads, before anything is written.</summary>
    public Action? BeforeFlush { get; set; }

    /// <summary>What an append comes to in place of being written; null = it is written.</summary>
    public Func<JournalAppend, AppendOutcome?> Verdict { get; set; } = _ => null;

    /// <summary>How many appends each flush had.</summary>
    public int[] Flushes
    {
        get
        {
            lock (_flushes)
            {
                return [.. _flushes];
            }
        }
    }

    public string Durability => inner.Durability;

    public void Flush(IReadOnlyList<LedAppend> appends)
    {
        BeforeFlush?.Invoke();
        foreach (LedAppend led in appends)
        {
            led.Outcome = Verdict(led.Append)
                ?? inner.AppendAsync(led.Append, CancellationToken.None).AsTask().GetAwaiter().GetResult();
        }

        lock (_flushes)
        {
            _flushes.Add(appends.Count);
        }
    }

    public ValueTask<AcquireOutcome> AcquireAsync(
        PartitionId partition, string owner, long membershipVersion, long nowMs, CancellationToken cancel) =>
        inner.AcquireAsync(partition, owner, membershipVersion, nowMs, cancel);

    public ValueTask<AppendOutcome> AppendAsync(JournalAppend append, CancellationToken cancel) =>
        inner.AppendAsync(append, cancel);

    public ValueTask<bool> ConfirmAsync(PartitionId partition, Epoch epoch, CancellationToken cancel) =>
        inner.ConfirmAsync(partition, epoch, cancel);

    public IAsyncEnumerable<JournalRecord> ReadAsync(PartitionId partition, Revision from, CancellationToken cancel) =>
        inner.ReadAsync(partition, from, cancel);

    public ValueTask<StoredCheckpoint?> ReadCheckpointAsync(PartitionId partition, CancellationToken cancel) =>
        inner.ReadCheckpointAsync(partition, cancel);

    public ValueTask<bool> WriteCheckpointAsync(
        PartitionId partition, Epoch epoch, JournalTail at, IEnumerable<ReadOnlyMemory<byte>> chunks,
        CancellationToken cancel) =>
        inner.WriteCheckpointAsync(partition, epoch, at, chunks, cancel);

    public ValueTask<bool> TruncateAsync(PartitionId partition, Epoch epoch, Revision upTo, CancellationToken cancel) =>
        inner.TruncateAsync(partition, epoch, upTo, cancel);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
