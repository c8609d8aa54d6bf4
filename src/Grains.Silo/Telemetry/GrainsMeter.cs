using System.Diagnostics.Metrics;

namespace Grains.Silo.Telemetry;

/// <summary>The meter under which every instrument of a server is found.</summary>
/// <remarks>What counts is static; what is asked when metrics are read is a <see cref="ServerGauges"/>.</remarks>
public static class GrainsMeter
{
    public const string Name = "Grains";

    public static readonly Meter Instance = new(Name);
}
