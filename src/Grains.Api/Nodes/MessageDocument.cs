using System.Text.Json.Serialization;
using Grains.Api.Json;

namespace Grains.Api.Nodes;

/// <summary>A message is durable.</summary>
public sealed class SendResult
{
    /// <summary>Names the message from now on.</summary>
    public required string Id { get; init; }

    /// <summary>For <c>?read=session&amp;at=</c>: reads from there on see the message.</summary>
    public required string Position { get; init; }
}

/// <summary>Where a message is.</summary>
public sealed class MessageStatusDocument
{
    /// <summary>Of the message.</summary>
    public required string Id { get; init; }

    /// <summary><c>waiting</c>, <c>delayed</c>, <c>delivered</c>, <c>dead</c> or <c>finished</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Whose mailbox it is in; absent = it is over.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Node { get; init; }

    /// <summary>Deliveries of it that began.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Attempts { get; init; }

    /// <summary>RFC 3339, UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? AcceptedAt { get; init; }

    /// <summary>When its time comes, RFC 3339, UTC; absent where it has, or there was none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DueAt { get; init; }

    /// <summary>It is forgotten if nobody has taken it by then, RFC 3339, UTC; absent where it never expires.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExpiresAt { get; init; }

    /// <summary>Why it is a dead letter.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Bytes of its body.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Size { get; init; }
}

/// <summary>A message for whose reply somebody waits, and which is not over.</summary>
public sealed class ReplyPending
{
    /// <summary>Of the message whose reply is awaited.</summary>
    public required string Id { get; init; }

    /// <summary><c>open</c>.</summary>
    public required string Status { get; init; }
}

/// <summary>A message of a mailbox or of the dead letters, as a person sees it.</summary>
public sealed class MessageDocument
{
    /// <summary>Names it in commits, replies and look-ups.</summary>
    public required string Id { get; init; }

    /// <summary>As its sender said; absent = nothing was said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Type { get; init; }

    /// <summary>Of the body; absent = nothing was said.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContentType { get; init; }

    /// <summary><c>service/node</c>; absent = from outside.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Sender { get; init; }

    /// <summary>The timer that sent it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Timer { get; init; }

    /// <summary>Deliveries of it that began.</summary>
    public required int Attempts { get; init; }

    /// <summary>RFC 3339, UTC.</summary>
    public required string AcceptedAt { get; init; }

    /// <summary>Bytes of the body.</summary>
    public required int Size { get; init; }

    /// <summary>As in <see cref="MessageStatusDocument.DueAt"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? DueAt { get; init; }

    /// <summary>As in <see cref="MessageStatusDocument.ExpiresAt"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExpiresAt { get; init; }

    /// <summary>
    /// Messages before it in its chain, each sent at once by the handling of the one before; absent = none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Hops { get; init; }

    /// <summary>Why it is a dead letter; absent = it is none.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Base64.</summary>
    [JsonConverter(typeof(Base64Content))]
    public required byte[] Body { get; init; }
}

/// <summary>
/// One page of a node's messages, in order. It may be shorter than asked for; without <see cref="Next"/> it is the
/// last.
/// </summary>
public sealed class MessageList
{
    /// <summary>Of this page.</summary>
    public required MessageDocument[] Messages { get; init; }

    /// <summary>The <c>after</c> of the next page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }
}
