using Grains.Checkers.Deliveries;

namespace Grains.Faults.Tests.Workload;

/// <summary>Takes and renews deliveries, and records every one that succeeded.</summary>
internal sealed class Leases(Caller caller, LoadRecord record)
{
    /// <param name="service">Of this service.</param>
    /// <param name="node">Null = any node that has something.</param>
    /// <param name="receive">The body.</param>
    /// <returns>Null if nothing came, or nothing is known.</returns>
    public async Task<Delivery?> ReceiveAsync(string service, string? node, string receive)
    {
        long callNs = LoadRecord.NowNs();
        string from = node is null ? $"/v1/services/{service}" : Names.NodePath(service, node);
        Reply reply = await caller.PostJsonAsync($"{from}/receive", receive);
        if (!reply.Is(200))
        {
            if (!reply.Is(204))
            {
                await Task.Delay(20, CancellationToken.None);
            }

            return null;
        }

        var delivery = Delivery.Parse(reply.Json());
        record.Did(DeliveryActKind.HandedOut, delivery, callNs);
        return delivery;
    }

    public async Task<Reply> RenewAsync(Delivery delivery)
    {
        long callNs = LoadRecord.NowNs();
        Reply reply = await caller.PostJsonAsync($"/v1/deliveries/{delivery.Id}:renew", "{}");
        if (reply.Is(200))
        {
            record.Did(DeliveryActKind.Renewed, delivery, callNs);
        }

        return reply;
    }
}
