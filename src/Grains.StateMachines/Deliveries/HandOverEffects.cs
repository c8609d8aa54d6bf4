using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// A delivery that was leased when its owner gave the partition up in good order: the next owner honours it.
/// </summary>
internal sealed record LeaseHandedOver(CommitKey Delivery, ScopedName Node, Place[] Messages) : Effect<DeliveryTables>
{
    public required string Service { get; init; }

    /// <summary>Of the lease, from the take-over on.</summary>
    public required long LeftMs { get; init; }

    public required long LeaseMs { get; init; }

    public required int MaxAttempts { get; init; }

    public const byte Number = 51;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Delivery.Epoch);
        to.Varint(Delivery.Number);
        to.Scoped(Node);
        to.OptionalText(Service);
        to.Varint(LeftMs);
        to.Varint(LeaseMs);
        to.Varint(MaxAttempts);
        to.Varint(Messages.Length);
        foreach (Place message in Messages)
        {
            to.Place(message);
        }
    }

    public static LeaseHandedOver Read(ref RecordReader from)
    {
        var delivery = new CommitKey(from.Varint(), from.Varint());
        ScopedName node = from.Scoped();
        string service = from.OptionalText() ?? "";
        long leftMs = from.Varint();
        long leaseMs = from.Varint();
        int maxAttempts = from.Int();
        var messages = new Place[from.Int()];
        for (int i = 0; i < messages.Length; i++)
        {
            messages[i] = from.Place();
        }

        return new LeaseHandedOver(delivery, node, messages)
        {
            Service = service,
            LeftMs = leftMs,
            LeaseMs = leaseMs,
            MaxAttempts = maxAttempts,
        };
    }

    protected override void Apply(DeliveryTables deliveries, long revision) =>
        deliveries.HandOverAt(revision).Leases.Add(this);
}

/// <summary>A node that was held back when its owner gave the partition up in good order.</summary>
internal sealed record HoldHandedOver(ScopedName Node, long LeftMs) : Effect<DeliveryTables>
{
    public const byte Number = 52;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Scoped(Node);
        to.Varint(LeftMs);
    }

    public static HoldHandedOver Read(ref RecordReader from) => new(from.Scoped(), from.Varint());

    protected override void Apply(DeliveryTables deliveries, long revision) =>
        deliveries.HandOverAt(revision).Holds.Add(this);
}

/// <summary>
/// What one owner's last record leaves to the next. It counts only where the next owner's epoch record follows it at
/// once: with anything in between, the leases ended long ago.
/// </summary>
internal sealed class HandOver(long revision)
{
    public long Revision { get; } = revision;

    public List<LeaseHandedOver> Leases { get; } = [];

    public List<HoldHandedOver> Holds { get; } = [];
}
