namespace Grains.Journal;

/// <summary>What an append came to.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Reason">For people, where the status is not Durable.</param>
public readonly record struct AppendOutcome(AppendStatus Status, string? Reason = null)
{
    public static readonly AppendOutcome Durable = new(AppendStatus.Durable);
}

/// <summary>The verdicts on an append.</summary>
public enum AppendStatus
{
    /// <summary>On disk, or wherever this journal's promise lies; it survives a power cut.</summary>
    Durable,

    /// <summary>
    /// A newer epoch was acquired, or another record stands in its place: the caller is not the owner.
    /// </summary>
    Fenced,

    /// <summary>Nothing was written, nor will be.</summary>
    Refused,

    /// <summary>It may have been written, now or later: repeat the identical append until it is decided.</summary>
    Unknown,
}
