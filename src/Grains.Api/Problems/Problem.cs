using System.Text.Json.Serialization;

namespace Grains.Api.Problems;

/// <summary>The body of a refusal: problem details of RFC 9457 with this API's members.</summary>
public sealed class Problem
{
    /// <summary>Path of the code's page.</summary>
    public required string Type { get; init; }

    /// <summary>The same for all of a code.</summary>
    public required string Title { get; init; }

    /// <summary>As in the status line.</summary>
    public required int Status { get; init; }

    /// <summary>What exactly, which value, what to do.</summary>
    public required string Detail { get; init; }

    /// <summary>For <c>internal</c>: names this occurrence in the server's log.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Instance { get; init; }

    /// <summary>Stable: what programs decide by.</summary>
    public required string Code { get; init; }

    /// <summary>True: the same request may succeed later.</summary>
    public required bool Retryable { get; init; }

    /// <summary><c>none</c> = certainly nothing was changed; <c>unknown</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>For <c>version-mismatch</c>: the version that is there; 0 = nothing is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Current { get; init; }

    /// <summary>For <c>too-large</c>: the limit, in the unit that the detail names.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Limit { get; init; }
}
