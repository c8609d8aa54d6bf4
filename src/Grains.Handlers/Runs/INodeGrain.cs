using Grains.Operations.Declarations;
using Grains.StateMachines.Deliveries;

namespace Grains.Handlers.Runs;

/// <summary>
/// A node at work: takes deliveries through the service's handler, on the server that has room for it.
/// </summary>
[Alias("grains.node")]
internal interface INodeGrain : IGrainWithStringKey
{
    /// <summary>
    /// Returns once what came of it is durable, or nothing will. May be called while an earlier one runs.
    /// </summary>
    [Alias("run"), ResponseTimeout("02:00:00")]
    Task<RunReport> Run(NodeWork work);
}

/// <summary>A delivery for a node.</summary>
[GenerateSerializer, Immutable, Alias("grains.node-work")]
internal sealed record NodeWork
{
    [Id(0)] public required string Service { get; init; }

    [Id(1)] public required long ServiceId { get; init; }

    [Id(2)] public required DeliveryGiven Given { get; init; }
}

/// <summary>Keys of node grains: what kind of handler, the service, the node.</summary>
internal static class NodeKey
{
    public static string Of(ServiceSnapshot service, DeliveryGiven given) =>
        $"{(service.Handler.Kind == HandlerKind.Hosted ? "hosted" : "push")}/{service.Name}/{given.Messages[0].Node}";

    /// <summary>The service that only some servers have a class for; null = any server can.</summary>
    public static string? HostedService(string key)
    {
        string[] parts = key.Split('/', 3);
        return parts.Length != 3 ? throw new ArgumentException($"'{key}' is not the key of a node.")
            : parts[0] == "hosted" ? parts[1] : null;
    }
}
