using System.Text.Json.Serialization;
using Grains.Api.Json;

namespace Grains.Api.Deliveries;

/// <summary>Body of a receive. Everything is optional.</summary>
public sealed class ReceiveRequest
{
    /// <summary>1 to 1,000; 1 where absent.</summary>
    public int? Max { get; init; }

    /// <summary>A duration up to 60 s; none where absent.</summary>
    public string? Wait { get; init; }

    /// <summary>A duration, 100 ms to 12 h; the service's where absent.</summary>
    public string? Lease { get; init; }
}

/// <summary>A lease on a node's next messages.</summary>
public sealed class Delivery
{
    /// <summary>Names it in commit, renew and reject. Opaque.</summary>
    [JsonPropertyName("delivery")]
    public required string Id { get; init; }

    /// <summary>Of the owner that gave it.</summary>
    public required long Epoch { get; init; }

    /// <summary>Grows with every delivery of the node: lets a resource outside refuse an older one.</summary>
    public required long Token { get; init; }

    /// <summary>Whose node it is of.</summary>
    public required string Service { get; init; }

    /// <summary>Whose messages they are.</summary>
    public required string Node { get; init; }

    /// <summary>How long it lasts from now: a duration.</summary>
    public required string Lease { get; init; }

    /// <summary>Null = the node has none.</summary>
    public DeliveredState? State { get; init; }

    /// <summary>In the order of their acceptance; one at the least.</summary>
    public required DeliveredMessage[] Messages { get; init; }
}

/// <summary>The node's state at hand-out.</summary>
public sealed class DeliveredState
{
    /// <summary>The revision at which it was set.</summary>
    public required long Version { get; init; }

    /// <summary>As it was set; absent = none was given.</summary>
    public string? ContentType { get; init; }

    /// <summary>Base64.</summary>
    [JsonConverter(typeof(Base64Content))]
    public required byte[] Body { get; init; }

    /// <summary>The body as text, where its content type is text or JSON and it is valid UTF-8.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}

/// <summary>A message to handle.</summary>
public sealed class DeliveredMessage
{
    /// <summary>Names it in commits, replies and look-ups.</summary>
    public required string Id { get; init; }

    /// <summary><c>service/node</c>; null = from outside.</summary>
    public string? Sender { get; init; }

    /// <summary>As its sender said; absent = nothing was said.</summary>
    public string? Type { get; init; }

    /// <summary>Of the body; absent = nothing was said.</summary>
    public string? ContentType { get; init; }

    /// <summary>Names in lower case.</summary>
    public required IReadOnlyDictionary<string, string> Headers { get; init; }

    /// <summary>From 1, this one included.</summary>
    public required int Attempt { get; init; }

    /// <summary>RFC 3339, UTC.</summary>
    public required string AcceptedAt { get; init; }

    /// <summary>
    /// The message that was sent on as this one: a reply to this one is a reply to that. Absent = none.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ReplyTo { get; init; }

    /// <summary>Base64.</summary>
    [JsonConverter(typeof(Base64Content))]
    public required byte[] Body { get; init; }

    /// <summary>As in <see cref="DeliveredState.Text"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Text { get; init; }
}
