namespace Grains.Faults.Tests.Nemesis;

/// <summary>A fault of a lap, and what must hold of it beside what must hold of all.</summary>
/// <param name="Check">Throws, where it does not; it has all figures of all laps.</param>
internal sealed record FaultKind(Fault Fault, Action<FaultFigures> Check)
{
    public FaultFigures Figures { get; } = new(Fault.Name);

    /// <summary>False: not one call through servers that nothing happens to may fail.</summary>
    public bool MayFailCalls { get; init; } = true;

    /// <summary>Why this machine cannot have it; null: it can.</summary>
    public string? WhyNot { get; init; }
}
