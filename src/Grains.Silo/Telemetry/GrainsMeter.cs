using System.Diagnostics.Metrics;

namespace Grains.Silo.Telemetry;

/// <summary>The meter under which every instrument of a server is found.</summary>
public static class GrainsMeter
{
    public const string Name = "Grains";

    public static readonly Meter Instance = new(Name);
}
