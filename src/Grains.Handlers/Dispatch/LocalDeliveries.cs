using System.Diagnostics;
using Grains.Operations.Declarations;
using Grains.Silo.Loops;
using Grains.Silo.Partitions;
using Grains.StateMachines.Batches;
using Grains.StateMachines.Deliveries;
using Grains.StateMachines.Ids;

namespace Grains.Handlers.Dispatch;

/// <summary>Takes deliveries out of partitions that this server owns.</summary>
internal sealed class LocalDeliveries(IPartitions partitions, LocalPartitions local)
{
    public bool Has(PartitionId partition) => local.TryGet(partition, out _);

    /// <summary>Null: there is none.</summary>
    /// <param name="service">Whose.</param>
    /// <param name="partition">Where.</param>
    /// <param name="waitMs">How long one is waited for.</param>
    /// <param name="stop">Looked at before; what is asked is not cancelled.</param>
    public async Task<DeliveryGiven?> ReceiveAsync(
        ServiceSnapshot service, PartitionId partition, int waitMs, CancellationToken stop)
    {
        // Not cancelled while it waits: it could be given a delivery in that moment, which nobody would have then.
        stop.ThrowIfCancellationRequested();
        var receive = new Receive
        {
            Service = service.Id,
            Node = Utf8Name.Empty,
            MaxMessages = service.Handler.Batch,
            LeaseMs = service.LeaseMs,
            WaitMs = waitMs,
            MaxAttempts = service.Attempts,
            ServiceName = service.Name,
            OfServer = true,
        };
        return await partitions.ExecuteAsync(partition, receive, CancellationToken.None) switch
        {
            DeliveryGiven given => given,

            // Deleted: the next survey ends this. Else what is there is still to be taken.
            NothingToDeliver or Refused { Code: Refusal.ServiceDeleted } => null,
            Refused refused => throw new PartitionUnavailableException(partition, outcomeKnown: true, refused.Detail),
            var other => throw new UnreachableException($"{other.GetType().Name} answers no receive."),
        };
    }
}
