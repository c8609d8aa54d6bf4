using System.Diagnostics.Metrics;

namespace Grains.Journal.Postgres;

/// <summary>The meter of every instrument of a server, by its name; the silo has its own instance.</summary>
internal static class JournalMeter
{
    public static readonly Meter Instance = new("Grains");
}
