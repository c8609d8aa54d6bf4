namespace Grains.Api.Keyspaces;

/// <summary>Adds to a key's integer.</summary>
public sealed class IncrementRequest
{
    /// <summary>May be negative.</summary>
    public long By { get; init; } = 1;
}

/// <summary>What the key's integer is now.</summary>
public sealed class IncrementResult
{
    /// <summary>Of 64 bits: beyond 2^53 not every JSON reader keeps it.</summary>
    public required long Value { get; init; }
}
