using Grains.StateMachines.Ids;

namespace Grains.Journal;

/// <summary>One batch of one partition: revisions Expected.Revision + 1 … + Count, all or none.</summary>
/// <param name="Partition">Which partition.</param>
/// <param name="Epoch">The epoch under which the caller owns it.</param>
/// <param name="Expected">The newest record as the caller knows it.</param>
/// <param name="Count">How many revisions the batch takes; at least 1.</param>
/// <param name="Payload">The record, opaque to the journal; at most 16 MiB.</param>
public sealed record JournalAppend(
    PartitionId Partition, Epoch Epoch, JournalTail Expected, int Count, ReadOnlyMemory<byte> Payload)
{
    /// <summary>The tail when this append is durable: known before it is, so that a repeat is recognised.</summary>
    public JournalTail Next { get; } = new(
        Expected.Revision + Count,
        JournalChain.Next(Expected.Chain, Epoch, Expected.Revision.Next, Count, Payload.Span));
}
