using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Mailboxes;

namespace Grains.StateMachines.Deliveries;

/// <summary>A lease on a node's next messages.</summary>
[GenerateSerializer, Immutable, Alias("grains.delivery-given")]
public sealed record DeliveryGiven : Answer
{
    [Id(0)] public required DeliveryId Delivery { get; init; }
    [Id(1)] public required FenceToken Token { get; init; }
    [Id(2)] public required MessageView[] Messages { get; init; }

    /// <summary>The node's state; null = it has none.</summary>
    [Id(3)] public byte[]? State { get; init; }
    [Id(4)] public string? StateContentType { get; init; }
    [Id(5)] public Revision StateVersion { get; init; }
    [Id(6)] public required long LeaseMs { get; init; }
}

/// <summary>The wait is over and the node has nothing to hand out.</summary>
[GenerateSerializer, Immutable, Alias("grains.nothing-to-deliver")]
public sealed record NothingToDeliver : Answer;

/// <summary>Some node of the service has messages that nobody has; whoever receives first gets them.</summary>
[GenerateSerializer, Immutable, Alias("grains.something-to-deliver")]
public sealed record SomethingToDeliver : Answer;

/// <summary>The commit is durable. <see cref="StateVersion"/> is the node's state version after it.</summary>
[GenerateSerializer, Immutable, Alias("grains.committed")]
public sealed record Committed(
    [property: Id(0)] Revision Revision, [property: Id(1)] Revision StateVersion, [property: Id(2)] bool Repeated)
    : Answer;

/// <summary>The lease now ends <see cref="LeaseMs"/> after this answer was decided.</summary>
[GenerateSerializer, Immutable, Alias("grains.renewed")]
public sealed record Renewed([property: Id(0)] long LeaseMs) : Answer;

/// <summary>The messages are back in the mailbox, or dead letters.</summary>
[GenerateSerializer, Immutable, Alias("grains.rejected")]
public sealed record Rejected([property: Id(0)] int Returned, [property: Id(1)] int DeadLettered) : Answer;
