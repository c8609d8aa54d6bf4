using System.Text.Json.Serialization;

namespace Grains.Api.Nodes;

/// <summary>Why a node is moving, or is not. Times are RFC 3339, by the wall clock of the partition's owner.</summary>
public sealed class NodeExplanation
{
    /// <summary>Of the node.</summary>
    public required string Service { get; init; }

    /// <summary>Whose it is.</summary>
    public required string Node { get; init; }

    /// <summary>
    /// <c>idle</c> (nothing waits), <c>no-worker</c> (messages wait, and nobody receives), <c>ready</c> (the next
    /// receive gets them), <c>starting</c> (an attempt is being recorded), <c>delivered</c> (a worker has them),
    /// <c>held</c> (back-off after a rejection), <c>suspended</c> (nothing can be handled now, see
    /// <see cref="Handler"/>), <c>queued</c> (as many deliveries are leased as may be), <c>paused</c>, <c>delayed</c>
    /// (nothing else waits than messages whose time has not come).
    /// </summary>
    public required string Status { get; init; }

    /// <summary>The same in words, with what to do.</summary>
    public required string Why { get; init; }

    /// <summary>Where it lives.</summary>
    public required uint Partition { get; init; }

    /// <summary>The server that owns the partition; absent where it is not known here.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Owner { get; init; }

    /// <summary>Of the owner that says so.</summary>
    public required long Epoch { get; init; }

    /// <summary>Messages in its mailbox that nobody has.</summary>
    public required int Waiting { get; init; }

    /// <summary>Messages that are leased.</summary>
    public required int Delivered { get; init; }

    /// <summary>Dead letters.</summary>
    public required int Dead { get; init; }

    /// <summary>Messages whose time has not come; absent = none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Delayed { get; init; }

    /// <summary>When the time of the first of them comes.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextDue { get; init; }

    /// <summary>When the first of its timers fires; absent where it has none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? NextTimer { get; init; }

    /// <summary>
    /// Why one of its timers does not fire, though its time has come, or would not; absent where all do.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? TimerTrouble { get; init; }

    /// <summary>The oldest message that waits or is delivered.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public NextMessage? Next { get; init; }

    /// <summary>The delivery that is leased ends then, unless it is renewed.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LeaseEnds { get; init; }

    /// <summary>Nothing goes out before then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? HeldUntil { get; init; }

    /// <summary>Receives that wait for its messages.</summary>
    public required ReceiverCounts Receivers { get; init; }

    /// <summary>For push and hosted services.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public HandlerHealth? Handler { get; init; }

    /// <summary>After so many attempts a message is a dead letter.</summary>
    public required int AttemptsMax { get; init; }

    /// <summary>At so many messages a send from outside is refused.</summary>
    public required int MailboxLimit { get; init; }
}

/// <summary>The message that goes out next, or is leased.</summary>
public sealed class NextMessage
{
    /// <summary>Of the message.</summary>
    public required string Id { get; init; }

    /// <summary>Begun so far, the one that is leased included.</summary>
    public required int Attempts { get; init; }

    /// <summary>RFC 3339, UTC.</summary>
    public required string AcceptedAt { get; init; }
}

/// <summary>
/// How the server that owns the node's partition fares with the service's handler, about a second ago.
/// </summary>
public sealed class HandlerHealth
{
    /// <summary><c>push</c> or <c>hosted</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Deliveries of the service that it has out; absent where it did not say.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? InFlight { get; init; }

    /// <summary>So many deliveries of the service at once, on one server.</summary>
    public required int InFlightMax { get; init; }

    /// <summary>Why it hands out nothing now.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Suspended { get; init; }

    /// <summary>Why a delivery was not handled, the last time.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? LastTrouble { get; init; }
}

/// <summary>Who asks now. One server that looks on behalf of several receives counts once.</summary>
public sealed class ReceiverCounts
{
    /// <summary>Receives that wait for this node.</summary>
    public required int Node { get; init; }

    /// <summary>Receives that wait for any node of the service, in the node's partition.</summary>
    public required int Service { get; init; }
}
