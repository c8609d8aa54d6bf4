using Grains.StateMachines.Batches;
using Grains.StateMachines.Ids;
using Grains.StateMachines.Keyspaces;
using Grains.StateMachines.Mailboxes;
using Grains.StateMachines.Replies;
using Grains.StateMachines.Timers;

namespace Grains.StateMachines.Deliveries;

/// <summary>
/// Asks for a delivery of one node, or (with an empty name) of any node of the service in this partition, waiting for
/// it. Answered by <see cref="DeliveryGiven"/>, <see cref="NothingToDeliver"/> when the wait is over, or
/// <see cref="Refused"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.receive")]
public sealed record Receive : NodeCommand
{
    [Id(0)] public required int MaxMessages { get; init; }
    [Id(1)] public required long LeaseMs { get; init; }
    [Id(2)] public override long WaitMs { get; init; }

    /// <summary>After this many attempts a message is a dead letter.</summary>
    [Id(3)] public required int MaxAttempts { get; init; }

    /// <summary>Names the sender of what the delivery's commit sends.</summary>
    [Id(4)] public required string ServiceName { get; init; }

    /// <summary>
    /// Takes nothing: answered by <see cref="SomethingToDeliver"/> as soon as some node has something that could be
    /// given out. For any node of the service only.
    /// </summary>
    [Id(5)] public bool PeekOnly { get; init; }

    /// <summary>A server asks on its own behalf, for a service that it runs: it takes no place from callers.</summary>
    [Id(6)] public bool OfServer { get; init; }

    public override bool MayRunTwice => true;

    public override bool WaitsInside => true;

    internal bool IsForAnyNode => Node.Length == 0;
}

/// <summary>
/// Ends a delivery with everything it did, as one record: acknowledgements, state, sends, keys.
/// Answered by <see cref="Committed"/>; refused whole if the delivery or any of its named messages is gone.
/// A repeat with the same body is answered as the first.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.commit-delivery")]
public sealed record CommitDelivery : Command, IDeliveryCommand
{
    [Id(0)] public required DeliveryId Delivery { get; init; }

    /// <summary>Null = all messages of the delivery.</summary>
    [Id(1)] public MessageId[]? Acknowledge { get; init; }
    [Id(2)] public StateChange? State { get; init; }
    [Id(3)] public OutgoingMessage[] Sends { get; init; } = [];
    [Id(4)] public KeyChange[] Keys { get; init; } = [];

    /// <summary>Hash of the whole request, to tell a repeat from another commit of the same delivery.</summary>
    [Id(5)] public UInt128 BodyHash { get; init; }
    [Id(6)] public OutgoingReply[] Replies { get; init; } = [];
    [Id(7)] public TimerChange[] Timers { get; init; } = [];

    public override int SizeBytes => 128 + (State?.Value?.Length ?? 0)
        + Replies.Sum(r => 64 + r.Content.SizeBytes)
        + Timers.Sum(t => t.SizeBytes)
        + Sends.Sum(s => 128 + s.Node.Length + s.Content.SizeBytes)
        + Keys.Sum(k => 64 + k.Key.Length + (k.Value?.Length ?? 0));
}

/// <summary>What may be asked only by who was given the delivery.</summary>
public interface IDeliveryCommand
{
    DeliveryId Delivery { get; }
}

/// <summary>Prolongs a delivery to now + <see cref="LeaseMs"/>. Answered by <see cref="Renewed"/>.</summary>
[GenerateSerializer, Immutable, Alias("grains.renew-delivery")]
public sealed record RenewDelivery([property: Id(0)] DeliveryId Delivery, [property: Id(1)] long LeaseMs)
    : Command, IDeliveryCommand
{
    public override bool MayRunTwice => true;
}

/// <summary>
/// Gives a delivery's messages back, to be tried again after a pause. Answered by <see cref="Rejected"/>.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.reject-delivery")]
public sealed record RejectDelivery : Command, IDeliveryCommand
{
    [Id(0)] public required DeliveryId Delivery { get; init; }

    /// <summary>The node is held back this long, in ms; where <see cref="Backoff"/> is given, it decides.</summary>
    [Id(1)] public long DelayMs { get; init; }

    /// <summary>Do not try again: all messages of the delivery become dead letters now.</summary>
    [Id(2)] public bool DeadLetter { get; init; }

    /// <summary>Kept with a dead letter, for people.</summary>
    [Id(3)] public string? Reason { get; init; }

    /// <summary>The node is held back longer with each attempt.</summary>
    [Id(4)] public Backoff? Backoff { get; init; }

    /// <summary>The attempt does not count: the handler was not reached, or asked for time.</summary>
    [Id(5)] public bool NotCounted { get; init; }
}

/// <summary>
/// Exponential back-off: after attempt n, <see cref="FirstMs"/> × 2ⁿ⁻¹, at most <see cref="MaxMs"/>; of that,
/// <see cref="Permille"/>, which the caller draws, so that what failed together is not tried again together.
/// </summary>
[GenerateSerializer, Immutable, Alias("grains.backoff")]
public sealed record Backoff(
    [property: Id(0)] long FirstMs, [property: Id(1)] long MaxMs, [property: Id(2)] int Permille)
{
    public long After(int attempt)
    {
        int doublings = Math.Clamp(attempt - 1, 0, 40);
        long full = FirstMs > MaxMs >> doublings ? MaxMs : FirstMs << doublings;
        return Math.Min(full, MaxMs) * Permille / 1000;
    }
}
