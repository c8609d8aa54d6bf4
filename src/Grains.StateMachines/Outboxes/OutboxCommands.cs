using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Outboxes;

/// <summary>Place of an entry among all that one partition ever sent: grows, with gaps.</summary>
[GenerateSerializer, Immutable, Alias("grains.outbox-sequence")]
public readonly record struct OutboxSequence([property: Id(0)] long Revision, [property: Id(1)] int Ordinal)
    : IComparable<OutboxSequence>
{
    public int CompareTo(OutboxSequence other) =>
        Revision != other.Revision ? Revision.CompareTo(other.Revision) : Ordinal.CompareTo(other.Ordinal);

    public override string ToString() => $"r{Revision}.{Ordinal}";
}

/// <summary>A message on its way to another partition.</summary>
[GenerateSerializer, Immutable, Alias("grains.outbox-entry")]
public sealed record OutboxEntry([property: Id(0)] OutboxSequence Sequence, [property: Id(1)] OutgoingMessage Message);

/// <summary>
/// Entries of another partition's outbox for this one, in order. Those at or below the last sequence taken from that
/// (partition, incarnation) are skipped, for ever. Answered by <see cref="TransferAccepted"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.accept-transfer")]
public sealed record AcceptTransfer : Command
{
    [Id(0)] public required PartitionId Source { get; init; }
    [Id(1)] public required long SourceIncarnation { get; init; }
    [Id(2)] public required OutboxEntry[] Entries { get; init; }

    public override bool MayRunTwice => true;

    public override int SizeBytes => 64 + Entries.Sum(e => 128 + e.Message.Node.Length + e.Message.Content.SizeBytes);
}

/// <summary>Everything up to here is durable at the target.</summary>
[GenerateSerializer, Immutable, Alias("grains.transfer-accepted")]
public sealed record TransferAccepted([property: Id(0)] OutboxSequence UpTo) : Answer;

/// <summary>The target holds everything up to here: forget it. Answered by <see cref="Done"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.clear-outbox")]
public sealed record ClearOutbox([property: Id(0)] PartitionId Target, [property: Id(1)] OutboxSequence UpTo) : Command
{
    public override bool MayRunTwice => true;
}
