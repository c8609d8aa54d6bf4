using System.Text.Json.Serialization;
using Grains.Api.Json;
using Grains.Api.Problems;

namespace Grains.Api.Keyspaces;

/// <summary>A line of a batch: one thing that is done with one key.</summary>
public sealed class KeyBatchLine
{
    /// <summary><c>put</c>, <c>get</c>, <c>delete</c> or <c>increment</c>.</summary>
    public string? Op { get; init; }

    /// <summary>1,024 bytes of UTF-8 at the most.</summary>
    public string? Key { get; init; }

    /// <summary>Of a put: the value in base64; this or <see cref="Text"/>.</summary>
    public byte[]? Body { get; init; }

    /// <summary>Of a put: the value as UTF-8; this or base64.</summary>
    public string? Text { get; init; }

    /// <summary>Of a put: kept with the value; 255 characters at the most.</summary>
    public string? ContentType { get; init; }

    /// <summary>
    /// Of a put or an increment: the key lives this long, a duration, 1 ms to 3,650 days. Absent = a key that is put
    /// stays, and one that is incremented keeps its end.
    /// </summary>
    public string? Ttl { get; init; }

    /// <summary>Of an increment: what is added, 1 unless given.</summary>
    public long? By { get; init; }

    /// <summary>Only if it has one of these versions; of a put, a get and a delete.</summary>
    public long[]? IfMatch { get; init; }

    /// <summary>Only if it has none of these versions; of a get, else it is not given again.</summary>
    public long[]? IfNoneMatch { get; init; }

    /// <summary>True = only if there is one, as <c>If-Match: *</c>.</summary>
    public bool? IfExists { get; init; }

    /// <summary>True = only if there is none, as <c>If-None-Match: *</c>.</summary>
    public bool? IfAbsent { get; init; }
}

/// <summary>What came of a line; one for each, in their order.</summary>
public sealed class KeyBatchOutcome
{
    /// <summary>Which one, from 1; empty lines count.</summary>
    public required int Line { get; init; }

    /// <summary>What a request of its own would have been answered with.</summary>
    public required int Status { get; init; }

    /// <summary>Of the key: what it has, or was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Version { get; init; }

    /// <summary>Which partition, and how far it was: opaque.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Position { get; init; }

    /// <summary>Of an increment: the sum.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Value { get; init; }

    /// <summary>Of a get: as it was set; absent = none was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContentType { get; init; }

    /// <summary>Of a get: RFC 3339, UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExpiresAt { get; init; }

    /// <summary>Of a get: the value in base64.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonConverter(typeof(Base64Content))]
    public byte[]? Body { get; init; }

    /// <summary>Of a refusal: when to send the line again; a duration.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? RetryAfter { get; init; }

    /// <summary>Why not; absent = it was done.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public Problem? Problem { get; init; }
}
