using System.Text.Json.Serialization;
using Grains.Api.Json;

namespace Grains.Api.Keyspaces;

/// <summary>
/// One page of keys in bytewise order. It may be shorter than asked for; without <see cref="Next"/> it is the last.
/// </summary>
public sealed class KeyList
{
    /// <summary>Of this page.</summary>
    public required KeyEntry[] Keys { get; init; }

    /// <summary>The <c>after</c> of the next page.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Next { get; init; }
}

/// <summary>A key of a page.</summary>
public sealed class KeyEntry
{
    /// <summary>Its name.</summary>
    public required string Key { get; init; }

    /// <summary>The revision at which it was set.</summary>
    public required long Version { get; init; }

    /// <summary>The revision that made the key exist, since its last delete.</summary>
    public required long Created { get; init; }

    /// <summary>Bytes of the value.</summary>
    public required int Size { get; init; }

    /// <summary>As it was set; absent = none was given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ContentType { get; init; }

    /// <summary>RFC 3339, UTC.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ExpiresAt { get; init; }

    /// <summary>Base64; only with <c>values=true</c>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    [JsonConverter(typeof(Base64Content))]
    public byte[]? Value { get; init; }
}
