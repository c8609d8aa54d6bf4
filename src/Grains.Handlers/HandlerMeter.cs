using System.Diagnostics.Metrics;
using Grains.Handlers.Runs;
using Grains.Silo;

namespace Grains.Handlers;

/// <summary>The instruments of handlers, under the same name as all others.</summary>
internal static class HandlerMeter
{
    public static readonly Meter Instance = new(GrainsMeter.Name);

    public static string NameOf(RunEnd end) => end switch
    {
        RunEnd.Committed => "committed",
        RunEnd.Failed => "failed",
        RunEnd.Later => "later",
        RunEnd.Dead => "dead",
        _ => "lost",
    };
}
