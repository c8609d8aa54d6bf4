using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>What is leased, as effects of an owner's last record, and as the next owner takes it up again.</summary>
internal static class LeaseHandOver
{
    /// <summary>A delivery's name within its partition.</summary>
    public static CommitKey KeyOf(DeliveryId id) => new(id.Epoch.Value, id.Number);

    /// <summary>As much as the record takes. An attempt that is not on record is not handed over either.</summary>
    public static void Emit(IEnumerable<OpenDelivery> open, IEnumerable<NodeActivity> nodes, Draft draft)
    {
        foreach (OpenDelivery delivery in open.Where(d => d.StartRecorded).TakeWhile(_ => !draft.IsFull))
        {
            draft.Emit(
                new LeaseHandedOver(KeyOf(delivery.Id), delivery.Node.Name, [.. delivery.Messages.Select(m => m.Id)])
            {
                Service = delivery.Command.ServiceName,
                LeftMs = Math.Max(1, delivery.LeaseEndsMs - draft.NowMs),
                LeaseMs = delivery.Command.LeaseMs,
                MaxAttempts = delivery.Command.MaxAttempts,
            });
        }

        foreach (NodeActivity node in nodes.Where(n => n.HoldUntilMs > draft.NowMs).TakeWhile(_ => !draft.IsFull))
        {
            draft.Emit(new HoldHandedOver(node.Name, node.HoldUntilMs - draft.NowMs));
        }
    }

    /// <summary>Null: what it held is not all there, so it ends as in a crash. No recovery fails for a lease.</summary>
    public static OpenDelivery? Restore(
        LeaseHandedOver lease, NodeActivity node, PartitionId partition, MailboxTables mail)
    {
        Message[] messages = [.. lease.Messages.Select(m => mail.Messages.GetDurable(m)).OfType<Message>()];
        if (messages.Length != lease.Messages.Length || Array.Exists(messages, m => m.Dead) || node.Open is not null)
        {
            return null;
        }

        var id = new DeliveryId(partition, new Epoch(lease.Delivery.Epoch), lease.Delivery.Number);
        var command = new Receive
        {
            Service = new ServiceId(lease.Node.Scope),
            Node = lease.Node.Name,
            MaxMessages = messages.Length,
            LeaseMs = lease.LeaseMs,
            MaxAttempts = lease.MaxAttempts,
            ServiceName = lease.Service,
        };
        return new OpenDelivery(id, node, messages, command) { StartRecorded = true };
    }
}
