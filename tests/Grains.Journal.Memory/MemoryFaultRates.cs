namespace Grains.Journal.Memory;

/// <summary>How often each fault strikes: probabilities from 0 to 1, per call.</summary>
public sealed record MemoryFaultRates
{
    public double UnknownWritten { get; init; }

    public double UnknownNotWritten { get; init; }

    public double UnknownWrittenLater { get; init; }

    public double UnknownWrittenTwice { get; init; }

    public double Refused { get; init; }

    public double NotHere { get; init; }

    public double CrashBefore { get; init; }

    public double CrashAfter { get; init; }

    public double Torn { get; init; }

    /// <summary>That a write which is under way lands just before a call, tried once per call.</summary>
    public double LateLanding { get; init; } = 0.25;

    internal IEnumerable<(MemoryFault Fault, double Rate)> At(MemoryStep step)
    {
        yield return (MemoryFault.CrashBefore, CrashBefore);
        yield return (MemoryFault.CrashAfter, CrashAfter);
        if (step == MemoryStep.Acquire)
        {
            yield return (MemoryFault.NotHere, NotHere);
        }

        if (step == MemoryStep.Append)
        {
            yield return (MemoryFault.UnknownWritten, UnknownWritten);
            yield return (MemoryFault.UnknownNotWritten, UnknownNotWritten);
            yield return (MemoryFault.UnknownWrittenLater, UnknownWrittenLater);
            yield return (MemoryFault.UnknownWrittenTwice, UnknownWrittenTwice);
            yield return (MemoryFault.Refused, Refused);
            yield return (MemoryFault.Torn, Torn);
        }
    }
}
