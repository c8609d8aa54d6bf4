using Grains.StateMachines.Batches;
using Grains.StateMachines.Codecs;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Tables;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// The commits whose repeat is answered as the first was, and what the last owner left of its leases.
/// </summary>
internal sealed class DeliveryTables : NounTables
{
    public DeliveryTables(PartitionState state)
        : base(state)
    {
        Commits = Table<CommitKey, CommittedDelivery>();
        CommitsByAge = Table<Place, CommittedDelivery>();
        Sections = [new Section<CommitKey, CommittedDelivery>(50, "commits", Commits, Write, Read)];
    }

    public Table<CommitKey, CommittedDelivery> Commits { get; }

    public Table<Place, CommittedDelivery> CommitsByAge { get; }

    /// <summary>
    /// Of the last record that had one; never in a checkpoint, because it is of use to the next record only.
    /// </summary>
    public HandOver? HandedOver { get; private set; }

    public override IReadOnlyList<Section> Sections { get; }

    public override IEnumerable<(byte Number, ReadEffect Read)> Effects =>
    [
        (DeliveryCommitted.Number, DeliveryCommitted.Read), (LeaseHandedOver.Number, LeaseHandedOver.Read),
        (HoldHandedOver.Number, HoldHandedOver.Read),
    ];

    public HandOver HandOverAt(long revision) =>
        HandedOver?.Revision == revision ? HandedOver : HandedOver = new HandOver(revision);

    public void Remember(CommittedDelivery commit)
    {
        Commits.Set(commit.Delivery, commit);
        CommitsByAge.Set(new Place(commit.Revision, 0), commit);
    }

    public override void Forget()
    {
        while (CommitsByAge.Count > State.Limits.RememberedCommitsMax
            && CommitsByAge.TryFirstDurable(default, out Place at, out CommittedDelivery commit))
        {
            CommitsByAge.RemoveDurable(at);
            Commits.RemoveDurable(commit.Delivery);
        }
    }

    public override void Drop() => HandedOver = null;

    private static void Write(RecordWriter to, CommitKey key, CommittedDelivery commit)
    {
        to.Varint(key.Epoch);
        to.Varint(key.Number);
        to.Fixed128(commit.BodyHash);
        to.Varint(commit.Revision);
        to.Varint(commit.StateVersion);
    }

    private void Read(ref RecordReader from)
    {
        var commit = new CommitKey(from.Varint(), from.Varint());
        Remember(new CommittedDelivery(commit, from.Fixed128(), from.Varint(), from.Varint()));
    }
}
