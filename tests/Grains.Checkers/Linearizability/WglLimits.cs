namespace Grains.Checkers.Linearizability;

/// <summary>How far a search may go before it gives up with <see cref="Verdict.Unknown"/>.</summary>
public sealed record WglLimits
{
    public static readonly WglLimits Default = new();

    public int ConfigurationsMax { get; init; } = 2_000_000;

    public TimeSpan TimeMax { get; init; } = TimeSpan.FromSeconds(60);
}
