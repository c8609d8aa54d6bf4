using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;

namespace Grains.StateMachines.Deliveries;

/// <summary>A delivery ended by commit: a repeat of it is answered, not applied.</summary>
internal sealed record DeliveryCommitted(CommitKey Delivery, UInt128 BodyHash, long StateVersion)
    : Effect<DeliveryTables>
{
    public const byte Number = 50;

    public override byte Kind => Number;

    public override void Write(RecordWriter to)
    {
        to.Varint(Delivery.Epoch);
        to.Varint(Delivery.Number);
        to.Fixed128(BodyHash);
        to.Varint(StateVersion);
    }

    public static DeliveryCommitted Read(ref RecordReader from) =>
        new(new CommitKey(from.Varint(), from.Varint()), from.Fixed128(), from.Varint());

    protected override void Apply(DeliveryTables deliveries, long revision) =>
        deliveries.Remember(new CommittedDelivery(Delivery, BodyHash, revision, StateVersion));
}
