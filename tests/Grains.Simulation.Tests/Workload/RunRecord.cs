using Grains.Checkers;
using Grains.Checkers.Messages;
using Grains.Checkers.Registers;
using Grains.Checkers.Witnesses;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.Simulation.Tests.Workload;

/// <summary>Everything that the clients of one run know.</summary>
internal sealed class RunRecord(Func<long> nowNs)
{
    public History<RegisterCall, RegisterResult> Keys { get; } = new(nowNs: nowNs);

    public List<Witness> Witnesses { get; } = [];

    public Dictionary<string, MessageFate> Sent { get; } = new(StringComparer.Ordinal);

    /// <summary>Where acknowledged messages were accepted: their place in the order of their node.</summary>
    public Dictionary<string, Revision> Accepted { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, MessageId> Ids { get; } = new(StringComparer.Ordinal);

    public List<DeliverySeen> Deliveries { get; } = [];

    public Dictionary<DeliveryId, Revision> Commits { get; } = [];
}

/// <summary>A delivery as its receiver knows it.</summary>
internal sealed class DeliverySeen(PartitionId partition, int node, DeliveryGiven given, long callNs, long returnNs)
{
    public PartitionId Partition => partition;

    public int Node => node;

    public DeliveryGiven Given => given;

    public long CallNs => callNs;

    public long ReturnNs => returnNs;

    /// <summary>The lease certainly lasts to here, if nobody ends it.</summary>
    public long LeasedUntilNs { get; set; } = callNs + (given.LeaseMs * 1_000_000);

    /// <summary>When its receiver first tried to end it.</summary>
    public long? EndedNs { get; set; }

    public override string ToString() =>
        $"{partition} n{node} {given.Delivery.Epoch} d{given.Delivery.Number} {given.Token} [{callNs / 1000} us, "
        + $"{returnNs / 1000} us]";
}
