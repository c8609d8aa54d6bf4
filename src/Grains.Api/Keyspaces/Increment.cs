namespace Grains.Api.Keyspaces;

/// <summary>Adds to a key's integer.</summary>
public sealed class IncrementRequest
{
    /// <summary>May be negative.</summary>
    public long By { get; init; } = 1;

    /// <summary>From now on the key lives this long: a duration, 1 ms to 3,650 days. Absent = its end stays.</summary>
    public string? Ttl { get; init; }
}

/// <summary>What the key's integer is now.</summary>
public sealed class IncrementResult
{
    /// <summary>Of 64 bits: beyond 2^53 not every JSON reader keeps it.</summary>
    public required long Value { get; init; }

    /// <summary>The revision that the addition took: the key's version.</summary>
    public required long Version { get; init; }
}
