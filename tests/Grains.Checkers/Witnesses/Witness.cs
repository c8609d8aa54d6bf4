namespace Grains.Checkers.Witnesses;

public enum WitnessKind
{
    /// <summary>Made the revision; of a key, if one is named.</summary>
    Write = 1,

    /// <summary>
    /// Saw the partition as it was at the revision: the newest write to the key that is not above it.
    /// </summary>
    Read = 2,

    /// <summary>
    /// Saw a key whose version is the revision; when it was read, the partition may have been further.
    /// </summary>
    Seen = 3,

    /// <summary>Saw a key whose version is the revision, at some moment of the past.</summary>
    Stale = 4,
}

/// <summary>An operation with the serial place that the server claims for it.</summary>
public sealed record Witness
{
    public required WitnessKind Kind { get; init; }

    public required uint Partition { get; init; }

    public required long Revision { get; init; }

    /// <summary>0 where the answer does not tell.</summary>
    public long Epoch { get; init; }

    public string? Key { get; init; }

    /// <summary>Null: deleted or absent.</summary>
    public string? Value { get; init; }

    public required long CallNs { get; init; }

    public required long ReturnNs { get; init; }

    public override string ToString() =>
        $"{Kind} p{Partition} r{Revision} {Key}={Value ?? "absent"} [{CallNs / 1000} us, {ReturnNs / 1000} us]";
}
